/** What a model takes; null where it takes none of it. */
export interface OpenRouterModelRow {
  readonly name: string;
  readonly durations: readonly number[];
  readonly resolutions: readonly string[];
  readonly aspectRatios: readonly string[];
  readonly frames: readonly string[] | null;
  readonly audio: boolean;
  readonly passthrough: readonly string[];
  /** US dollars. */
  readonly perSecond: string;
}

/** Some of the models that the service lists. A model that is not among them is taken, with any values. */
export const OPEN_ROUTER_MODELS: Readonly<Record<string, OpenRouterModelRow>> = {
  'google/veo-3.1': {
    name: 'Google: Veo 3.1',
    durations: [4, 6, 8],
    resolutions: ['720p', '1080p', '4K'],
    aspectRatios: ['16:9', '9:16'],
    frames: ['first_frame', 'last_frame'],
    audio: true,
    passthrough: ['negativePrompt', 'personGeneration'],
    perSecond: '0.4',
  },
  'bytedance/seedance-2.0': {
    name: 'ByteDance: Seedance 2.0',
    durations: [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    resolutions: ['480p', '720p', '1080p'],
    aspectRatios: ['16:9', '9:16', '1:1', '4:3', '3:4', '21:9'],
    frames: ['first_frame', 'last_frame'],
    audio: true,
    passthrough: ['watermark'],
    perSecond: '0.15',
  },
  'alibaba/wan-2.7': {
    name: 'Alibaba: Wan 2.7',
    durations: [5, 10, 15],
    resolutions: ['720p', '1080p'],
    aspectRatios: ['16:9', '9:16', '1:1'],
    frames: ['first_frame'],
    audio: false,
    passthrough: [],
    perSecond: '0.1',
  },
};

/** As `GET /videos/models` lists them. */
export function openRouterModelList(): Record<string, unknown>[] {
  return Object.entries(OPEN_ROUTER_MODELS).map(([id, row]) => ({
    id,
    canonical_slug: id,
    name: row.name,
    created: 1_760_486_400,
    supported_durations: row.durations,
    supported_resolutions: row.resolutions,
    supported_aspect_ratios: row.aspectRatios,
    supported_sizes: null,
    supported_frame_images: row.frames,
    generate_audio: row.audio,
    seed: true,
    creativity: null,
    upscale_factor: null,
    allowed_passthrough_parameters: row.passthrough,
    pricing_skus: { 'per-video-second': row.perSecond },
  }));
}
