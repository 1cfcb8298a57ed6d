/** What an input takes: one of a list, a number within bounds, a text, or the output of a node, by its type. */
export type InputRule =
  | { readonly list: readonly string[] }
  | { readonly type: 'INT' | 'FLOAT'; readonly min?: number; readonly max?: number }
  | { readonly type: 'STRING' | 'BOOLEAN' }
  /** A file that was uploaded. */
  | { readonly file: true }
  | { readonly link: string };

/** A class of nodes, as far as a submit is checked by it. */
export interface NodeClass {
  readonly required: Readonly<Record<string, InputRule>>;
  readonly optional?: Readonly<Record<string, InputRule>>;
  /** The types of its outputs. */
  readonly returns: readonly string[];
  /** It saves something: what hangs on no such node is not run. */
  readonly saves?: Saves;
  /** It tells how far it is, and shows previews. */
  readonly samples?: true;
}

/** How a node that saves files tells of them. */
export interface Saves {
  readonly key: string;
  readonly extension: string;
  readonly type: 'output' | 'temp';
  readonly animated?: true;
  readonly format?: string;
}

const SEED: InputRule = { type: 'INT', min: 0 };
const SIZE: InputRule = { type: 'INT', min: 16, max: 16_384 };
const NAME: InputRule = { type: 'STRING' };
const SAMPLERS: InputRule = { list: ['euler', 'euler_ancestral', 'dpmpp_2m', 'uni_pc'] };
const SCHEDULERS: InputRule = { list: ['simple', 'normal', 'karras', 'beta'] };

/** The classes that the mock has, named as those of ComfyUI and of VideoHelperSuite. */
export const NODE_CLASSES: Readonly<Record<string, NodeClass>> = {
  UNETLoader: {
    required: { unet_name: { list: ['wan2.2_t2v.safetensors'] }, weight_dtype: { list: ['default'] } },
    returns: ['MODEL'],
  },
  CLIPLoader: {
    required: { clip_name: { list: ['umt5_xxl.safetensors'] }, type: { list: ['wan', 'ltxv'] } },
    returns: ['CLIP'],
  },
  VAELoader: { required: { vae_name: { list: ['wan_2.1_vae.safetensors'] } }, returns: ['VAE'] },
  CLIPTextEncode: { required: { text: NAME, clip: { link: 'CLIP' } }, returns: ['CONDITIONING'] },
  LoadImage: { required: { image: { file: true } }, returns: ['IMAGE', 'MASK'] },
  EmptyHunyuanLatentVideo: {
    required: {
      ...{ width: SIZE, height: SIZE, length: { type: 'INT', min: 1, max: 16_384 } },
      batch_size: { type: 'INT', min: 1, max: 4_096 },
    },
    returns: ['LATENT'],
  },
  KSampler: {
    required: {
      ...{ model: { link: 'MODEL' }, seed: SEED, steps: { type: 'INT', min: 1, max: 10_000 } },
      ...{ cfg: { type: 'FLOAT', min: 0, max: 100 }, sampler_name: SAMPLERS, scheduler: SCHEDULERS },
      ...{ positive: { link: 'CONDITIONING' }, negative: { link: 'CONDITIONING' } },
      ...{ latent_image: { link: 'LATENT' }, denoise: { type: 'FLOAT', min: 0, max: 1 } },
    },
    returns: ['LATENT'],
    samples: true,
  },
  VAEDecode: { required: { samples: { link: 'LATENT' }, vae: { link: 'VAE' } }, returns: ['IMAGE'] },
  CreateVideo: {
    required: { images: { link: 'IMAGE' }, fps: { type: 'FLOAT', min: 1, max: 120 } },
    returns: ['VIDEO'],
  },
  SaveVideo: {
    required: {
      ...{ video: { link: 'VIDEO' }, filename_prefix: NAME },
      ...{ format: { list: ['auto', 'mp4'] }, codec: { list: ['auto', 'h264'] } },
    },
    returns: [],
    saves: { key: 'images', extension: 'mp4', type: 'output', animated: true },
  },
  SaveAnimatedWEBP: {
    required: { images: { link: 'IMAGE' }, filename_prefix: NAME, fps: { type: 'FLOAT' } },
    returns: [],
    saves: { key: 'images', extension: 'webp', type: 'output', animated: true },
  },
  SaveImage: {
    required: { images: { link: 'IMAGE' }, filename_prefix: NAME },
    returns: [],
    saves: { key: 'images', extension: 'png', type: 'output' },
  },
  PreviewImage: {
    required: { images: { link: 'IMAGE' } },
    returns: [],
    saves: { key: 'images', extension: 'png', type: 'temp' },
  },
  VHS_VideoCombine: {
    required: {
      ...{ images: { link: 'IMAGE' }, frame_rate: { type: 'FLOAT', min: 1 }, filename_prefix: NAME },
      ...{ format: { list: ['video/h264-mp4', 'image/gif'] }, save_output: { type: 'BOOLEAN' } },
    },
    returns: ['VHS_FILENAMES'],
    saves: { key: 'gifs', extension: 'mp4', type: 'output', format: 'video/h264-mp4' },
  },
};

export interface Node {
  readonly class_type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly _meta?: { readonly title?: string };
}
export type Graph = Readonly<Record<string, Node>>;

/** What a job runs that was made without a submit. */
export const DEFAULT_GRAPH: Graph = {
  1: { class_type: 'UNETLoader', inputs: { unet_name: 'wan2.2_t2v.safetensors', weight_dtype: 'default' } },
  2: { class_type: 'CLIPLoader', inputs: { clip_name: 'umt5_xxl.safetensors', type: 'wan' } },
  3: { class_type: 'VAELoader', inputs: { vae_name: 'wan_2.1_vae.safetensors' } },
  4: { class_type: 'CLIPTextEncode', inputs: { text: 'A paper boat', clip: ['2', 0] } },
  5: { class_type: 'CLIPTextEncode', inputs: { text: '', clip: ['2', 0] } },
  6: {
    class_type: 'EmptyHunyuanLatentVideo',
    inputs: { width: 832, height: 480, length: 33, batch_size: 1 },
  },
  7: {
    class_type: 'KSampler',
    inputs: {
      ...{ model: ['1', 0], seed: 1, steps: 20, cfg: 6, sampler_name: 'uni_pc', scheduler: 'simple' },
      ...{ positive: ['4', 0], negative: ['5', 0], latent_image: ['6', 0], denoise: 1 },
    },
  },
  8: { class_type: 'VAEDecode', inputs: { samples: ['7', 0], vae: ['3', 0] } },
  9: { class_type: 'CreateVideo', inputs: { images: ['8', 0], fps: 16 } },
  10: {
    class_type: 'SaveVideo',
    inputs: { video: ['9', 0], filename_prefix: 'video/ComfyUI', format: 'auto', codec: 'auto' },
  },
};

export function isLink(value: unknown): value is readonly [string, number] {
  return Array.isArray(value) && value.length === 2;
}
