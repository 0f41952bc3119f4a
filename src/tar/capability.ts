// linux/capability.h: the highest byte of the first word is the revision; the third has the id of a namespace's root behind
// the 20 bytes of the second.
const [REVISION, SECOND, SECOND_BYTES] = [3, 2, 20]

/**
 * A security.capability as docker writes it into a tar, for any user namespace (moby, pkg/archive,
 * ReadSecurityXattrToTarHeader): without the root of its own, where it has one.
 */
export function capabilityForAll(capability: Uint8Array): Uint8Array {
  if (capability[REVISION] !== 3) return capability
  const plain = capability.slice(0, SECOND_BYTES)
  plain[REVISION] = SECOND
  return plain
}
