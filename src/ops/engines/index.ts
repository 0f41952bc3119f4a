import { containerdEngine } from './containerd.js'
import { DOCKER_RULES } from './docker-rules.js'
import { dockerEngine } from './docker.js'
import { craneEngine } from './crane.js'
import { COPY_RULES } from './copy-rules.js'
import { podmanEngine } from './podman.js'
import { skopeoLayout, skopeoSaved } from './skopeo.js'
import { umociEngine } from './umoci.js'
import type { Engine } from './prediction.js'

/** Every engine whose rules are known, oldest first within a family. */
export const ENGINES: readonly Engine[] = [
  dockerEngine('docker-20', 'docker 20.10.24, overlay2', DOCKER_RULES['docker-20']),
  dockerEngine('docker-20-vfs', 'docker 20.10.24, vfs', DOCKER_RULES['docker-20-vfs']),
  dockerEngine('docker-26', 'docker 26.1.5, overlay2', DOCKER_RULES['docker-26']),
  dockerEngine('docker-28', 'docker 28.5.2, overlay2', DOCKER_RULES['docker-28']),
  dockerEngine('docker-28-debian', 'docker 28.5.2 of Debian, overlay2', DOCKER_RULES['docker-28-debian']),
  containerdEngine('docker-29', 'docker 29.0.0, containerd store'),
  containerdEngine('containerd', 'docker 28.5.2, containerd store'),
  skopeoSaved('skopeo-1.9-docker', 'skopeo 1.9.3, docker-archive:', COPY_RULES['skopeo-1.9']),
  skopeoLayout('skopeo-1.9-oci', 'skopeo 1.9.3, oci-archive: and oci:', COPY_RULES['skopeo-1.9']),
  skopeoSaved('skopeo-docker', 'skopeo 1.22.0, docker-archive:', COPY_RULES.skopeo),
  skopeoLayout('skopeo-oci', 'skopeo 1.22.0, oci-archive: and oci:', COPY_RULES.skopeo),
  podmanEngine('podman-4', 'podman 4.3.1, vfs', COPY_RULES['podman-4']),
  podmanEngine('podman', 'podman 5.8.6, overlay', COPY_RULES.podman),
  podmanEngine('podman-vfs', 'podman 5.8.6, vfs', COPY_RULES['podman-vfs']),
  craneEngine('crane', 'crane 0.20.7 validate --tarball'),
  umociEngine('umoci', 'umoci 0.6.0 stat'),
]
