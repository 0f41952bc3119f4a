import { isAtLeast } from '../findings.js'
import type { FindingReport, ImageReport, Report, VerifyReport } from '../model/report.js'

/** What a report says of one archive. */
export type Outcome = VerifyReport['archives'][number]

/** A thing that was checked, and what was found of it. */
export interface Check {
  readonly name: string
  readonly findings: readonly FindingReport[]
}

/** What a report says, archive by archive; a report about other things is one outcome with its findings. */
export function outcomesOf(report: Report): readonly Outcome[] {
  if (report.schema === 'imgtar/verify/v1') return report.archives
  const findings = 'findings' in report ? report.findings : []
  const [, command] = report.schema.split('/')
  const archive = 'archive' in report ? report.archive : `imgtar ${command ?? ''}`
  return [{ archive, ok: report.ok, images: [], findings }]
}

/** Whether a finding is one that fails its archive: not allowed, and of that severity or worse. */
export function weighs({ severity, allowed }: FindingReport, failOn: FindingReport['severity'] = 'warning'): boolean {
  return allowed !== true && isAtLeast(severity, failOn)
}

/** What was checked of an archive, each with the findings about it; every finding is in one of them. */
export function checksOf({ images, findings, checks = [] }: Outcome): readonly Check[] {
  const left = new Set(findings.filter(({ code }) => checks.length === 0 || !code.startsWith('POLICY_')))
  const layers = new Map(images.flatMap((image) => image.layers.map((layer, at) => [layer.path, [image, at]] as const)))
  const take = (which: (finding: FindingReport) => boolean): readonly FindingReport[] => {
    const taken = [...left].filter(which)
    for (const finding of taken) left.delete(finding)
    return taken
  }
  const wrapper = take(({ code }) => /^(?:ARCHIVE|MEMBER|TAR)_/.test(code))
  const ofLayers = [...layers].map(([path, [image, at]]) => ({
    name: `layer ${at} of ${imageName(image)}: ${path}`,
    findings: take(({ where }) => where.path === path),
  }))
  const documents = take(() => true)
  return [{ name: 'archive', findings: wrapper }, { name: 'documents', findings: documents }, ...ofLayers]
}

/** What an image is called: its first name, else the start of its ID. */
export function imageName({ names, imageID }: ImageReport): string {
  return names[0] ?? imageID?.slice(0, 'sha256:'.length + 12) ?? 'an image without a name'
}
