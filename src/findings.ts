/** How much a finding weighs: an error is damage, a warning is a risk somewhere, a note is worth knowing. */
export type Severity = 'error' | 'warning' | 'note'

/** What stands behind a finding code. */
export interface FindingRule {
  readonly severity: Severity
  readonly title: string
  readonly help: string
}

const rule = (severity: Severity, title: string, help: string): FindingRule => ({ severity, title, help })

// The wrapper: the tar, the compression around it, and its members.
// prettier-ignore
const ARCHIVE_RULES = {
  ARCHIVE_CHECKSUM: rule('error', 'The compression around the archive is damaged', 'The stored checksum does not fit the bytes. Some engines stop here, others load what came out. Copy the archive again.'),
  ARCHIVE_COMPRESSION: rule('error', 'The compressed archive cannot be read to its end', 'The decompressor stopped at this offset of the file. Everything before it was read. Copy the archive again.'),
  ARCHIVE_COMPRESSION_TRAILING: rule('warning', 'Bytes follow the end of the compressed stream', 'Some decompressors ignore them, others refuse the file.'),
  ARCHIVE_END_MISSING: rule('warning', 'The archive has no end marker', 'A tar ends with two zero blocks. Without them nobody can tell a whole archive from one that was cut between two members.'),
  ARCHIVE_HEADER: rule('error', 'A header of the archive cannot be read', 'Members after this offset are out of reach.'),
  ARCHIVE_PADDING: rule('warning', 'The bytes that fill up the block of a member are not zeros', 'No engine reads them. Tar writers leave zeros there: the archive was damaged, or something is hidden in it.'),
  ARCHIVE_TRAILING_BYTES: rule('warning', 'Bytes follow the end marker of the archive', 'Go, GNU tar and others stop at the marker; some readers go on and see other members.'),
  ARCHIVE_TRUNCATED: rule('error', 'The archive is cut', 'The bytes end at this offset, before the member does. Copy the archive again.'),
  MEMBER_DUPLICATE: rule('error', 'A member stands in the archive twice', 'dockerd takes the last one, skopeo, podman and crane the first: the same file is two different images.'),
  MEMBER_LINK_BROKEN: rule('error', 'A link that is needed leads to nothing, to itself, or to something that is no file', 'Engines refuse or hang on it.'),
  MEMBER_LINK_ESCAPES: rule('error', 'A link that is needed leads out of the archive', 'Engines refuse it or look it up elsewhere; imgtar never follows it.'),
  MEMBER_UNSAFE_PATH: rule('warning', 'The path of a member leaves the archive', 'An absolute name or one that climbs with `..`. imgtar treats members as an index and writes none of them.'),
  TAR_AMBIGUOUS: rule('warning', 'Tar readers disagree on this construct', 'Go, GNU tar, bsdtar, Python and others see different entries or sizes here. docker sees what Go sees, and so does imgtar.'),
} as const

// The documents: manifest.json, repositories, index.json, manifests, configs.
// prettier-ignore
const DOCUMENT_RULES = {
  ARTIFACT: rule(
    'note',
    'A manifest is an artifact, not an image',
    'It is proved blob by blob; there is no root filesystem in it.',
  ),
  BLOB_MISSING: rule('error', 'A blob that is referred to is not in the archive', 'Engines refuse the image, or load it incompletely.'),
  BLOB_ORPHAN: rule('note', 'Nothing refers to this blob', 'Legal, but it only takes space, or another image lost its manifest.'),
  CONFIG_CREATED_INVALID: rule('error', 'The creation time in the config is not a time', 'docker refuses the image. Times are RFC 3339.'),
  CONFIG_DIGEST_MISMATCH: rule('error', 'The config does not have the digest that its name or descriptor claims', 'The image ID is the digest of the config: this is another image than the name says, or the config is damaged.'),
  CONFIG_INVALID: rule('error', 'The config of an image cannot be read', 'Every engine refuses the image.'),
  CONFIG_MISSING: rule('error', 'The config of an image is not in the archive', 'Every engine refuses the image.'),
  DESCRIPTOR_DATA_MISMATCH: rule('error', 'The data inlined in a descriptor is not the content it stands for', 'Readers that trust the inline copy see another document.'),
  DIGEST_INVALID: rule('error', 'A digest does not follow the grammar', 'sha256 digests are `sha256:` and 64 lower-case hex digits. It is never used as a path.'),
  DIGEST_UNSUPPORTED: rule('note', 'A digest uses an algorithm that cannot be checked here', 'The bytes are listed but not proved.'),
  ENGINE_REFUSES: rule('error', 'An engine that must take the archive would not', 'Its reason stands with it, in its own words. The engines are those that --for names; docs/engines.md has their rules.'),
  HISTORY_MISMATCH: rule('error', 'The history claims more layers than there are', 'docker refuses: too many non-empty layers in History section.'),
  HISTORY_SHORT: rule('warning', 'The history names fewer layers than there are', 'Engines load it; history and layers cannot be told apart one by one.'),
  IMAGE_NONE: rule('warning', 'The archive holds no image', 'docker load succeeds silently on an empty manifest.json, others refuse it.'),
  INDEX_MISMATCH: rule('error', 'manifest.json and index.json name different images', 'Classic docker loads what manifest.json says, podman and the containerd store what index.json says: one file, two images.'),
  INDEX_NAME_UNTAGGED: rule('warning', 'index.json has a name that manifest.json cannot have', 'RepoTags take names with a tag only. Of another one the containerd store and podman make a name of their own (1:latest, localhost/1:latest of 1), other engines leave the image without. imgtar tag gives it a name for all.'),
  JSON_DUPLICATE_KEY: rule('warning', 'A key stands twice in a document', 'Go takes the last one, other parsers the first.'),
  JSON_TRAILING: rule('warning', 'Bytes follow the end of a document', 'docker reads the first value only; others refuse the document.'),
  LAYOUT_VERSION: rule('error', 'The oci-layout file is missing or names another version', 'The only version is 1.0.0; containerd refuses others.'),
  LIMIT_REACHED: rule('error', 'A limit was reached', 'imgtar stopped reading here to stay within its bounds. If the archive is trusted: where the message names an option, it raises the limit.'),
  MANIFEST_INVALID: rule('error', 'A manifest or index cannot be read', 'Every engine refuses the image.'),
  MANIFEST_MEDIA_TYPE: rule('error', 'A document contradicts its media type', 'One that could be read as manifest and as index is two images (CVE-2021-41190).'),
  MEDIA_TYPE_MISMATCH: rule('warning', 'The media type does not fit the bytes', 'Engines that trust the label fail or skip the layer; imgtar reads by content.'),
  MEDIA_TYPE_UNKNOWN: rule('note', 'A media type that is not known', 'Engines may refuse the layer.'),
  PLATFORM_MISMATCH: rule('warning', 'The platform in the index is not the platform in the config', 'Who selects by platform gets another image than the label says.'),
  PLATFORM_MISSING: rule('note', 'An image of an index is not in the archive', 'Archives may hold some of the platforms that an index lists; the others must come from elsewhere.'),
  REPOSITORIES_MISMATCH: rule('warning', 'The repositories file disagrees with the other documents', 'Old engines read names from it.'),
  ROOTFS_TYPE: rule('warning', 'rootfs.type is not `layers`', 'docker loads it, crane and others refuse it.'),
  SIZE_MISMATCH: rule('error', 'A blob has another size than its descriptor says', 'umoci and registries refuse it.'),
  TAG_DUPLICATE: rule('warning', 'Two images claim one name', 'The last one that is loaded takes it.'),
  TAG_INVALID: rule('error', 'A name does not parse', 'docker loads the image and then fails on the tag, which leaves it behind untagged.'),
  V1_CYCLE: rule('error', 'The parents of a v1 image form a circle', 'dockerd runs out of stack and dies on it.'),
  V1_ID_MISMATCH: rule('warning', 'The id inside a v1 image is not the name of its folder', 'Engines trust the folder, readers of the file the id.'),
  V1_INVALID: rule('error', 'A v1 image cannot be read', 'Its json is missing or damaged.'),
  V1_PARENT_MISSING: rule('error', 'The parent of a v1 image is not in the archive', 'Engines refuse it.'),
} as const

// The layers and what is in them.
// prettier-ignore
const LAYER_RULES = {
  LAYER_ASSUMED: rule('note', 'A layer is not in the archive, and a base provides it', 'docker loads such an archive where its store has the base; the containerd store and podman do too where the archive has an index.json as well (--layout universal or hybrid). skopeo and crane refuse it. imgtar hydrate makes it whole.'),
  LAYER_FOREIGN: rule(
    'note',
    'A layer is to be fetched from elsewhere',
    'Non-distributable layers stay out of archives; the descriptor names where they lie. imgtar fetches nothing.',
  ),
  BLOB_DIGEST_MISMATCH: rule('error', 'A blob does not have the digest that is claimed for it', 'The stored bytes are damaged or were replaced.'),
  DAMAGED_FILE: rule('error', 'A file of a damaged layer is not what it was', 'A checksum that a package manager keeps in the image, a sidecar or another copy of the layer says so. Without the damage the diffID would fit: take the file or the layer from a copy, or run imgtar salvage.'),
  DAMAGED_RANGE: rule('error', 'Where in a layer the damage lies is known', 'What is damaged is no content of a file but a header, padding, or bytes of the compression, or it could only be narrowed down to this range.'),
  DAMAGE_UNPLACED: rule('note', 'Nothing tells which file of the layer is damaged', 'Give another copy of the image with --against, or the tar-split.json.gz of the layer with --tar-split.'),
  DIFFID_MISMATCH: rule('error', 'The diffID of a layer is not the one in the config', 'The uncompressed bytes of the layer are not those that the image was made of.'),
  EVIDENCE_UNRELATED: rule('note', 'What was given as evidence does not belong to any damaged layer', 'An archive given with --against has no whole copy of a damaged layer, or a sidecar given with --tar-split is of another layer.'),
  LAYER_CHECKSUM: rule('error', 'The compression checksum of a layer is wrong', 'Some engines stop here, others go on.'),
  LAYER_COMPRESSION: rule('error', 'A compressed layer cannot be read to its end', 'The decompressor stopped at this offset of the stored bytes.'),
  LAYER_COMPRESSION_TRAILING: rule('warning', 'Bytes follow the end of a compressed layer', 'They are covered by the blob digest but by no diffID.'),
  LAYER_COUNT_MISMATCH: rule('error', 'The number of layers is not the number of diffIDs', 'docker refuses: layers length mismatch.'),
  LAYER_DEPTH: rule('warning', 'The image has more than 125 layers', 'docker refuses: max depth exceeded.'),
  LAYER_EMPTY: rule('warning', 'A layer has no bytes', 'docker takes it as an empty layer, tools that expect a tar do not.'),
  LAYER_END_MISSING: rule('note', 'A layer has no end marker', 'Engines accept it; the diffID covers what is there.'),
  LAYER_MISSING: rule('error', 'A layer is not in the archive', 'Engines refuse the image, except classic docker where the layer is loaded already.'),
  LAYER_NAME_MISMATCH: rule('error', 'The file name of a layer claims a hash that its bytes do not have', 'The layer was replaced or renamed.'),
  LAYER_TAR: rule('error', 'The tar structure of a layer is broken', 'Engines stop here: unexpected EOF or invalid tar header.'),
  LAYER_TRAILING_BYTES: rule('warning', 'Bytes follow the end marker of a layer', 'No engine unpacks them, the diffID covers them: a place to hide things.'),
  LAYER_UNPROVED: rule('note', 'Nothing claims a digest for a layer', 'The layer was read, but there is no diffID to compare it with.'),
  ENTRY_AMBIGUOUS: rule('warning', 'Tar readers disagree on an entry of a layer', 'Go, GNU tar, bsdtar, Python and others see different entries or sizes here.'),
  ENTRY_DEVICE_WHITEOUT: rule('warning', 'A 0:0 character device in a layer', 'overlay2 takes it as a whiteout, other drivers as a device.'),
  ENTRY_DUPLICATE: rule('error', 'A path stands in a layer twice', 'docker refuses: duplicates of file paths not supported.'),
  ENTRY_LINK_ESCAPES: rule('error', 'A hard link in a layer leads out of the root', 'New engines refuse it; never extract it with a naive tool.'),
  ENTRY_LINK_TARGET: rule('warning', 'A hard link in a layer does not point to an earlier entry of the layer', 'overlay2 fails to load it; drivers that unpack onto the lower layers may accept it.'),
  ENTRY_NAME_TOO_LONG: rule('warning', 'An entry has a name that no file system holds', 'Linux allows 255 bytes for a name and 4095 for a path: docker cannot unpack the layer.'),
  ENTRY_OVERLAY_XATTR: rule('warning', 'An entry carries overlayfs attributes', 'overlay2 obeys them and shows another tree than the layers say.'),
  ENTRY_PARENT_NOT_DIRECTORY: rule('warning', 'An entry lies below something that is no directory', 'Drivers replace it or write through it: different trees.'),
  ENTRY_SYMLINK_CLIMBS: rule('note', 'A symlink in a layer climbs above the root', 'In a container it ends at the root; on the host of a naive extractor it leads out.'),
  ENTRY_TYPE_UNSUPPORTED: rule('error', 'An entry has a type that docker refuses', 'unhandled tar header type.'),
  ENTRY_UNSAFE_PATH: rule('warning', 'The path of an entry leaves the root', 'Old engines clamp it, new ones refuse the layer.'),
  ENTRY_UNSAVEABLE: rule('warning', 'docker can load this layer but not save it again', 'A link, directory or whiteout with content, or a sparse file: tar-split cannot give the bytes back.'),
  WHITEOUT_AUFS: rule('note', 'AUFS leftovers in a layer', '.wh..wh.aufs, .wh..wh.orph and .wh..wh.plnk are metadata; some drivers show them as files.'),
  WHITEOUT_INVALID: rule('error', 'A whiteout with an impossible name', '`.wh.`, `.wh..` and `.wh...` aim at the directory itself or its parent.'),
  WHITEOUT_OWN_LAYER: rule('warning', 'A whiteout names something that its own layer adds', 'A whiteout applies to lower layers only; overlay2, vfs and the spec disagree on the result.'),
  WHITEOUT_ROOT: rule('warning', 'An opaque marker at the root of a layer', 'It hides all lower layers by the specification; overlay2 cannot do that and shows them all the same.'),
} as const

// The data-root of a daemon.
// prettier-ignore
const STORE_RULES = {
  STORE_CHAIN: rule('error', 'The layer store contradicts the image', 'chainID, diffID and parent of a layer follow from the config; docker does not restore an image whose chain does not compute.'),
  STORE_CONTAINER: rule('error', 'A container cannot be read whole', 'Its config, its mounts or its writable layer are damaged or gone.'),
  STORE_CONTENT_MISSING: rule('error', 'The folder with the files of a layer is gone', 'The layer cannot be rebuilt from this data-root, unless a containerd has its blob. An image archive or registry that has it can give it back.'),
  STORE_CONTENT_ORPHAN: rule('note', 'Nothing refers to this folder of a storage driver', 'Left behind by a daemon that died; it only takes space.'),
  STORE_DRIVER: rule('warning', 'A storage driver keeps its layers where they cannot be read as files', 'devicemapper and zfs keep file systems in volumes of their own: mount those, or use the daemon.'),
  STORE_FILE_ADDED: rule('warning', 'A file lies in a layer that was not there when it was made', 'Somebody wrote into the store. The layer is rebuilt without it; containers see it.'),
  STORE_FILE_CHANGED: rule('error', 'A file of a layer has other content than when the layer was made', 'docker says: file integrity checksum failed. The layer cannot be rebuilt bit by bit until the file is put back.'),
  STORE_FILE_MISSING: rule('error', 'A file of a layer is gone', 'Deleted, or something else lies in its place. The layer cannot be rebuilt bit by bit until the file is put back.'),
  STORE_FILE_RESIZED: rule('error', 'A file of a layer has another size than when the layer was made', 'Cut or written to. The layer cannot be rebuilt bit by bit until the file is put back.'),
  STORE_FILE_UNREADABLE: rule('error', 'A file of a layer cannot be read', 'No permission, or a bad sector. A data-root belongs to root.'),
  STORE_IN_USE: rule('warning', 'A daemon seems to run on this data-root', 'Files may change while they are read. Stop the daemon, or read a snapshot.'),
  STORE_LAYER_MISSING: rule('error', 'A layer of an image is not in the layer store', 'docker says: layer does not exist, not restoring image.'),
  STORE_LAYER_ORPHAN: rule('note', 'No image or container uses this layer', 'Build cache, or the rest of an image whose config was lost.'),
  STORE_LAYER_REBUILT: rule('note', 'A layer is made anew of its files', 'Docker kept no headers of it: files and times are right, the bytes are not those that were once pulled or built. Its diffID is that of the new bytes.'),
  STORE_LAYER_REMOVING: rule('note', 'A layer that was being removed when the daemon stopped', 'docker removes the rest when it starts.'),
  STORE_LINK: rule('warning', 'A link lies where a data-root has a folder', 'It may lead anywhere, whoever made it: nothing is read behind it. Put the folder that it leads to in its place, or mount it there with mount --bind.'),
  STORE_NAMES: rule('warning', 'The names of images or containers cannot be read', 'repositories.json, meta.db or linkgraph.db is damaged or missing. The images and containers are there, by their IDs.'),
  STORE_SIDECAR: rule('error', 'The tar-split.json.gz of a layer is damaged or missing', 'It holds all headers of the layer: without it the tar cannot be rebuilt bit by bit.'),
  STORE_USER_NAMESPACE: rule('note', 'The owners of files were worked out from a guess', 'A rootless daemon shifts the ids of its containers by what /etc/subuid says, which lies elsewhere. --userns says it.'),
  STORE_XATTRS_UNKNOWN: rule('warning', 'Extended attributes could not be read', 'Which folders of the container are opaque, and the capabilities of its files, is unknown. Run as root with getfattr installed, or give a tar made with --xattrs --xattrs-include=*.'),
} as const

// What an archive that is written could not take over.
// prettier-ignore
const OUTPUT_RULES = {
  OUTPUT_ANNOTATION_LEFT_OUT: rule('note', 'What index.json says of an image, or of itself, was not taken over', 'Annotations stay with a manifest that stays as it is, in an output with index.json; those of index.json itself where all its images stay so, and no others come along. Of copies of an image one is written, with its annotations.'),
  OUTPUT_ATTACHMENT_LEFT_OUT: rule('note', 'An attestation or signature was not taken over', 'It refers to a manifest by its digest, and goes along where that manifest or the index above it stays as it is.'),
  OUTPUT_COPY_DAMAGED: rule('warning', 'A damaged copy was passed over', 'Another archive has the same, whole and proved, and that was taken. imgtar verify tells what is wrong with the damaged one.'),
  OUTPUT_INDEX_LEFT_OUT: rule('note', 'An index was not taken over', 'Registries and the containerd store know an image by the digest of the index that its name leads to. All images below it must be written with their own manifests: no --platform, no other compression, an output with index.json.'),
  OUTPUT_LAYER_KEPT: rule('note', 'A layer that a base has was not left out', 'thin leaves out what lies in the base on the same layers; of compressed layers those that the base stores as the very same bytes, since hydrate has to put them back. Make both archives with the same compression.'),
  OUTPUT_LAYER_RECOMPRESSED: rule('note', 'A layer is stored in another compression than before', 'Its diffID and the imageID stay; the digest under which a registry knows its blob does not. --compress and the format of the output decide.'),
  OUTPUT_NAME_LEFT_OUT: rule('note', 'A name was not taken over', 'manifest.json takes names with a tag only, and engines would name the image each in its own way; a name with a digest must lead to that digest. Give the image another one with imgtar tag.'),
  OUTPUT_NOTHING_LEFT_OUT: rule('note', 'The thin archive has all its layers', 'Nothing of it is in a base from the lowest layer up, or not in the same compression. Give --base the archive of what the other side has.'),
} as const

// What a policy demands.
// prettier-ignore
const POLICY_RULES = {
  POLICY_CONFIG: rule('error', 'The config of an image breaks a rule of the policy', 'The message names the rule and its line. Change the image, or the policy.'),
  POLICY_EFFICIENCY: rule('error', 'An image wastes more than the policy allows', 'imgtar efficiency names the paths and the layers.'),
  POLICY_SIZE: rule('error', 'An image is larger than the policy allows', 'imgtar history and imgtar efficiency show where the bytes are.'),
  POLICY_SKIPPED: rule('note', 'A test of the policy was not run', 'It needs a running container, or something else that an archive cannot tell.'),
  POLICY_STRUCTURE: rule('error', 'The files of an image break a rule of the policy', 'imgtar blame names the layer and the step that made a file.'),
} as const

/** Every finding code with severity, title and help; docs/findings.md is made of it. */
export const FINDINGS = {
  ...ARCHIVE_RULES,
  ...DOCUMENT_RULES,
  ...LAYER_RULES,
  ...OUTPUT_RULES,
  ...STORE_RULES,
  ...POLICY_RULES,
}

/** The stable code of a finding. */
export type FindingCode = keyof typeof FINDINGS

/** What stands behind the code of a finding in a report; undefined for one that is not in the table. */
export function ruleOf(code: string): FindingRule | undefined {
  return Object.entries(FINDINGS).find(([name]) => name === code)?.[1]
}

/** Where a finding lies. */
export interface FindingPlace {
  /** The archive as the user named it. */
  readonly archive: string
  /** The member inside the archive. */
  readonly path?: string
  /**
   * Byte offset in the archive (in the uncompressed tar when the archive itself is compressed). For a fault inside a
   * compressed layer: where that layer's stored bytes begin, plus the compressed offset where one is known.
   */
  readonly offset?: number
  /** Index of the layer, base = 0. */
  readonly layer?: number
  /** The entry inside the layer. */
  readonly entry?: string
  /** Byte offset in the uncompressed layer. */
  readonly layerOffset?: number
}

/** One oddity or fault: an answer, not an exception. */
export interface Finding {
  readonly code: FindingCode
  readonly message: string
  readonly where: FindingPlace
  readonly expected?: string
  readonly actual?: string
}

const WEIGHT: Record<Severity, number> = { note: 0, warning: 1, error: 2 }

/** Whether a severity is the one given, or worse. */
export function isAtLeast(severity: Severity, least: Severity): boolean {
  return WEIGHT[severity] >= WEIGHT[least]
}

/** The severity of a finding, as the table has it. */
export function severityOf(finding: Finding): Severity {
  return FINDINGS[finding.code].severity
}
