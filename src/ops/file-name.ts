/** A name of an image as the name of a file: names have slashes and colons, and an archive is not to be trusted with more. */
export function fileNameFor(name: string): string {
  return name
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/^\.+/, '_')
    .slice(0, 100)
}
