import { copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { docker, workFolder, type Engine } from './support.js'

/** What `docker image inspect` says of an image, as far as it is compared. */
export const dockerImage = z.object({
  Id: z.string(),
  RepoTags: z.array(z.string()),
  Created: z.string(),
  Size: z.number(),
  Architecture: z.string(),
  Os: z.string(),
  RootFS: z.object({ Layers: z.array(z.string()) }),
})

/** One line of `docker history --format '{{json .}}'`. */
export const dockerHistoryLine = z.object({
  Comment: z.string(),
  CreatedAt: z.string(),
  CreatedBy: z.string(),
  Size: z.string(),
})

/** `docker image inspect` of one image. */
export function inspectImage(engine: Engine, name: string): z.infer<typeof dockerImage> {
  return dockerImage.parse(JSON.parse(docker(engine, 'image', 'inspect', '--format', '{{json .}}', name)))
}

/** `docker history` of one image, newest first, sizes in bytes. */
export function historyOf(engine: Engine, name: string): z.infer<typeof dockerHistoryLine>[] {
  const lines = docker(engine, 'history', '--no-trunc', '--human=false', '--format', '{{json .}}', name)
  return lines
    .trim()
    .split('\n')
    .map((line) => dockerHistoryLine.parse(JSON.parse(line)))
}

/** The label of every image that this run builds, the intermediate ones included. */
const OURS = `imgtar-test=${String(process.pid)}`

// Three layers and, where a shell can run, hard links, whiteouts and an opaque folder as the kernel's overlay makes them.
const dockerfile = (label: string) => `FROM scratch
LABEL ${OURS}
COPY busybox /bin/busybox
COPY tree /tree
ENV A=1 B="two words"
RUN ["/bin/busybox", "sh", "-c", "rm /tree/b; rm -r /tree/d; mkdir /tree/d; echo new > /tree/d/c; ln /tree/d/c /tree/e; chmod 4711 /tree/e; mkdir /tree/f; echo late > /tree/f/x"]
LABEL label=${label} x="<&>" y=é
USER 1000:1000
WORKDIR /tree
CMD ["/bin/busybox", "sh"]
`

/** Removes images, and what was built on the way to them. */
export function removeImages(engine: Engine, ...names: string[]): void {
  docker(engine, 'rmi', '-f', ...names)
  docker(engine, 'image', 'prune', '-f', '--filter', `label=${OURS}`)
}

/** Builds an image on a daemon, with `label` in its config, and tags it with `name`. */
export function buildImage(engine: Engine, name: string, label: string): void {
  const context = workFolder()
  const busybox = '/usr/bin/busybox'
  if (!existsSync(busybox)) throw new Error(`${busybox} is missing: install busybox-static`)
  copyFileSync(busybox, join(context.path, 'busybox'))
  mkdirSync(join(context.path, 'tree/d'), { recursive: true })
  mkdirSync(join(context.path, 'tree/a-folder-with-a-long-name'.repeat(6).slice(0, 120)), { recursive: true })
  writeFileSync(join(context.path, 'tree/d/a'), 'goes\n')
  writeFileSync(join(context.path, 'tree/b'), 'goes too\n')
  writeFileSync(join(context.path, 'tree/größe'), label)
  writeFileSync(join(context.path, 'tree/run.sh'), '#!/bin/busybox sh\n', { mode: 0o755 })
  symlinkSync('d/a', join(context.path, 'tree/l'))
  writeFileSync(join(context.path, 'Dockerfile'), dockerfile(label))
  try {
    docker(engine, 'build', '-q', '--network', 'none', '-t', name, context.path)
  } finally {
    context.remove()
  }
}
