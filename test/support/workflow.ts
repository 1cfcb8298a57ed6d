import type { ComfyUIWorkflow } from '../../src/backends/hosted/comfy-ui.js';

/** Ten nodes that make a video of words; each `seed` is another video, and what does not hang on it need not run again. */
export function workflow(seed = 1): ComfyUIWorkflow {
  return {
    '1': {
      class_type: 'UNETLoader',
      inputs: { unet_name: 'wan2.2_t2v.safetensors', weight_dtype: 'default' },
    },
    '2': { class_type: 'CLIPLoader', inputs: { clip_name: 'umt5_xxl.safetensors', type: 'wan' } },
    '3': { class_type: 'VAELoader', inputs: { vae_name: 'wan_2.1_vae.safetensors' } },
    '4': { class_type: 'CLIPTextEncode', inputs: { text: 'A paper boat', clip: ['2', 0] } },
    '5': { class_type: 'CLIPTextEncode', inputs: { text: 'blurred', clip: ['2', 0] } },
    '6': {
      class_type: 'EmptyHunyuanLatentVideo',
      inputs: { width: 832, height: 480, length: 33, batch_size: 1 },
    },
    '7': {
      class_type: 'KSampler',
      inputs: {
        ...{ model: ['1', 0], seed, steps: 20, cfg: 6, sampler_name: 'uni_pc', scheduler: 'simple' },
        ...{ positive: ['4', 0], negative: ['5', 0], latent_image: ['6', 0], denoise: 1 },
      },
      _meta: { title: 'Sampling' },
    },
    '8': { class_type: 'VAEDecode', inputs: { samples: ['7', 0], vae: ['3', 0] } },
    '9': { class_type: 'CreateVideo', inputs: { images: ['8', 0], fps: 16 } },
    '10': {
      class_type: 'SaveVideo',
      inputs: { video: ['9', 0], filename_prefix: 'video/ComfyUI', format: 'auto', codec: 'auto' },
    },
  };
}
