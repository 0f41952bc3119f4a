import { containerdEngine } from './containerd.js'
import { DOCKER_RULES } from './docker-rules.js'
import { dockerEngine } from './docker.js'
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
]
