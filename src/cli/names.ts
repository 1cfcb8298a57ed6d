/** Apart, so that help is shown without the library being loaded. */
export const BACKENDS = ['soraGateway', 'vidBuilder', 'openAIVideos'] as const;
export type BackendName = (typeof BACKENDS)[number];
