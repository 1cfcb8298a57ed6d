import type { Dialect } from './dialect.js';
import type { MockDialect } from './dialect-names.js';
import { comfyUI } from './hosted/comfy-ui/comfy-ui.js';
import { fal } from './hosted/fal.js';
import { openRouter } from './hosted/open-router.js';
import { replicate } from './hosted/replicate.js';
import { runway } from './hosted/runway.js';
import { xai } from './hosted/xai.js';
import { openAIVideos } from './openai-videos.js';
import { soraGateway } from './sora-gateway.js';
import { vidBuilder } from './vid-builder.js';

/** Each dialect by its name. Those of hosted providers are a file each in `hosted/`. */
export const DIALECTS: Readonly<Record<MockDialect, Dialect>> = {
  ...{ soraGateway, vidBuilder, openAIVideos },
  openRouter,
  replicate,
  runway,
  xai,
  fal,
  comfyUI,
};
