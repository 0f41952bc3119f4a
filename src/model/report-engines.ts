import { z } from 'zod'

/** What one engine would do with an archive (`imgtar verify --for`). */
export const engineSchema = z.object({
  engine: z.string().describe('as --for takes it'),
  title: z.string().describe('the engine that the rules were observed on'),
  verdict: z
    .enum(['accepted', 'unusable', 'refused', 'hangs', 'crashes'])
    .describe('unusable: it is loaded and listed, but no container can be made of it'),
  reason: z.string().optional().describe('why not, in the words of the engine'),
  images: z
    .array(
      z.object({
        imageID: z.string().nullable().describe('as the engine shows it'),
        names: z.array(z.string()),
        fault: z.string().optional().describe('why this one cannot be used'),
      }),
    )
    .describe('what it would show afterwards; of a refused archive what it leaves behind'),
  ignores: z.array(z.string()).describe('what it passes over in silence'),
})

/** A prediction as reports carry it. */
export type EngineReport = z.output<typeof engineSchema>
