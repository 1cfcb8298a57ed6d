/** Apart, so that help is shown without the library being loaded. Those of the default base URL. */
export const DIALECTS = ['soraGateway', 'vidBuilder', 'openAIVideos'] as const;
export type DialectName = (typeof DIALECTS)[number];

/** Hosted services, and the variable that their own tools read the key from. */
export const KEYS = {
  openRouter: 'OPENROUTER_API_KEY',
  replicate: 'REPLICATE_API_TOKEN',
  runway: 'RUNWAYML_API_SECRET',
  xai: 'XAI_API_KEY',
  fal: 'FAL_KEY',
} as const;
export type HostedName = keyof typeof KEYS;

/** On a server of one's own, wherever that is. */
const OWN = ['comfyUI'] as const;

export type BackendName = DialectName | HostedName | (typeof OWN)[number];
export const BACKENDS: readonly BackendName[] = [...DIALECTS, ...(Object.keys(KEYS) as HostedName[]), ...OWN];

export function isHosted(backend: BackendName): backend is HostedName {
  return backend in KEYS;
}
