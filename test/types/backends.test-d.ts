import type RunwayML from '@runwayml/sdk';
import { expectTypeOf, it } from 'vitest';
import type { AnyBackend, Backend, InputOf, OperationsOf, VariantOf } from '../../src/backends/backend.js';
import { type ComfyUIOperations, type ComfyUIPrompt, comfyUI } from '../../src/backends/hosted/comfy-ui.js';
import type { ComfyUIQueue } from '../../src/backends/hosted/comfy-ui-answers.js';
import type { ComfyUIFile } from '../../src/backends/hosted/comfy-ui-input.js';
import { type FalRequest, fal } from '../../src/backends/hosted/fal.js';
import {
  type OpenRouterOperations,
  type OpenRouterVideo,
  openRouter,
} from '../../src/backends/hosted/open-router.js';
import {
  type ReplicateOperations,
  type ReplicatePrediction,
  replicate,
} from '../../src/backends/hosted/replicate.js';
import { type RunwayOperations, type RunwayVideo, runway } from '../../src/backends/hosted/runway.js';
import type { RunwayOrganization } from '../../src/backends/hosted/runway-answers.js';
import { type XaiOperations, type XaiVideo, xai } from '../../src/backends/hosted/xai.js';
import { type OpenAIOperations, type OpenAIVideo, openAIVideos } from '../../src/backends/openai-videos.js';
import { soraGateway } from '../../src/backends/sora-gateway.js';
import { type VidBuilderVideo, vidBuilder } from '../../src/backends/vid-builder.js';
import { VideoClient } from '../../src/client/client.js';
import type { BoundOperations } from '../../src/client/client-types.js';
import type { VideoJob } from '../../src/job/job.js';

const image = new Uint8Array();
const scene = { type: 'hero-title', duration: 4, content: {} };

/** Takes what `client.generate` takes with this backend. */
function accepts<B extends AnyBackend>(_backend: B, ..._inputs: InputOf<B>[]): void {}

it('every dialect is a backend', () => {
  expectTypeOf(soraGateway()).toExtend<AnyBackend>();
  expectTypeOf(vidBuilder()).toExtend<AnyBackend>();
  expectTypeOf(openAIVideos()).toExtend<AnyBackend>();
});

it('soraGateway takes a wallet with each script, unless it has one', () => {
  accepts(
    soraGateway(),
    { walletAddress: '0x1', script: 'x' },
    { scriptOrQuestion: 'x', audioBuffer: image },
  );
  accepts(soraGateway({ walletAddress: '0x1' }), { script: 'x' }, { script: 'x', walletAddress: '0x2' });
  // @ts-expect-error no wallet
  accepts(soraGateway(), { script: 'x' });
  // @ts-expect-error no wallet, the options are about something else
  accepts(soraGateway({ statusRoute: 'query' }), { script: 'x' });
  // @ts-expect-error a misspelt field
  accepts(soraGateway(), { walletAddress: '0x1', scirpt: 'x' });
  // @ts-expect-error an unknown field
  accepts(soraGateway(), { walletAddress: '0x1', script: 'x', colour: 'red' });
  // @ts-expect-error audio goes with scriptOrQuestion
  accepts(soraGateway(), { walletAddress: '0x1', script: 'x', audioBuffer: image });
  // @ts-expect-error both forms at once
  accepts(soraGateway({ walletAddress: '0x1' }), { script: 'x', scriptOrQuestion: 'x' });
  // @ts-expect-error an unknown option
  soraGateway({ wallet: '0x1' });
});

it('vidBuilder takes a webhookUrl with each video, unless it has one or blocks', () => {
  accepts(vidBuilder(), { scenes: [scene], webhookUrl: 'https://host/' });
  accepts(vidBuilder({ webhookUrl: 'https://host/' }), { scenes: [scene], images: [image, new Blob()] });
  accepts(vidBuilder({ webhookUrl: ({ token }) => `https://host/${token}` }), { scenes: [scene] });
  accepts(vidBuilder({ blocking: true }), { scenes: [scene] });
  // @ts-expect-error no webhookUrl
  accepts(vidBuilder(), { scenes: [scene] });
  // @ts-expect-error a webhookUrl that would never be called
  accepts(vidBuilder({ blocking: true }), { scenes: [scene], webhookUrl: 'https://host/' });
  // @ts-expect-error no scenes
  accepts(vidBuilder({ blocking: true }), {});
  // @ts-expect-error a scene without a duration
  accepts(vidBuilder({ blocking: true }), { scenes: [{ type: 'x', content: {} }] });
  // @ts-expect-error an option that the blocking call does not use
  vidBuilder({ blocking: true, webhookUrl: 'https://host/' });
});

it('openAIVideos takes a prompt', () => {
  accepts(openAIVideos(), { prompt: 'x', model: 'sora-2', seconds: 4, input_reference: new Blob() });
  // @ts-expect-error no prompt
  accepts(openAIVideos(), { model: 'sora-2' });
  accepts(openAIVideos(), {
    prompt: 'x',
    input_reference: { image_url: 'https://host/a.png' },
    extra: { seed: 1 },
  });
  // @ts-expect-error a field of the server's own goes into extra
  accepts(openAIVideos(), { prompt: 'x', seed: 1 });
});

it('openRouter takes a model with each video, unless it has one', () => {
  const url = new Blob();
  const frame_images = [{ type: 'image_url', image_url: { url }, frame_type: 'last_frame' }] as const;
  accepts(openRouter(), { model: 'google/veo-3.1' }, { model: 'x', prompt: 'x', frame_images });
  accepts(openRouter({ model: 'google/veo-3.1' }), {}, { model: 'x', extra: { creativity: 2 } });
  // @ts-expect-error no model
  accepts(openRouter(), { prompt: 'x' });
  // @ts-expect-error a field that is not typed yet goes into extra
  accepts(openRouter(), { model: 'x', creativity: 2 });
  const hosted = openRouter({ model: 'x' });
  expectTypeOf(hosted.baseUrl).toBeString();
  expectTypeOf<InputOf<typeof hosted>>().toEqualTypeOf<OpenRouterVideo>();
  expectTypeOf<OperationsOf<typeof hosted>>().toEqualTypeOf<OpenRouterOperations>();
  expectTypeOf<BoundOperations<typeof hosted>['models']>().toBeCallableWith();
  expectTypeOf<BoundOperations<typeof hosted>['models']>().toBeCallableWith(undefined, {});
});

it('replicate takes an input of any fields, and a model with each, unless it has one', () => {
  const input = { prompt: 'x', image: new Blob(), nested: [{ seed: 1 }] };
  accepts(replicate(), { model: 'google/veo-3.1', input });
  accepts(replicate({ model: 'x/y' }), { input }, { model: 'a/b', input, webhook_events_filter: ['start'] });
  // @ts-expect-error no model
  accepts(replicate(), { input });
  // @ts-expect-error what the model takes is within input
  accepts(replicate({ model: 'x/y' }), { prompt: 'x' });
  // @ts-expect-error there is no such event
  accepts(replicate({ model: 'x/y' }), { input, webhook_events_filter: ['end'] });
  const hosted = replicate({ model: 'x/y' });
  expectTypeOf(hosted.baseUrl).toBeString();
  expectTypeOf<InputOf<typeof hosted>>().toEqualTypeOf<ReplicatePrediction>();
  expectTypeOf<OperationsOf<typeof hosted>>().toEqualTypeOf<ReplicateOperations>();
});

/** Every field of any of these. */
type FieldsOf<Union> = Union extends unknown ? keyof Union : never;

it('runway takes the fields that the official client takes, and a model with each, unless it has one', () => {
  const promptImage = [{ uri: new Blob(), position: 'first' }] as const;
  accepts(
    runway(),
    { model: 'gen4.5' },
    { model: 'x', promptText: 'x', promptImage, extra: { audio: true } },
  );
  accepts(runway({ model: 'gen4.5' }), {}, { task: 'video_to_video', videoUri: 'https://host.test/a.mp4' });
  accepts(runway({ model: 'x', version: '2024-11-06' }), { duration: 'auto', promptImage: new Uint8Array() });
  // @ts-expect-error no model
  accepts(runway(), { promptText: 'x' });
  // @ts-expect-error there is no such task
  accepts(runway({ model: 'x' }), { task: 'text_to_image' });
  // @ts-expect-error there is no such place
  accepts(runway({ model: 'x' }), { promptImage: [{ uri: 'x', position: 'middle' }] });
  // @ts-expect-error a field that is not typed goes into extra
  accepts(runway({ model: 'x' }), { audio: true });
  type Official =
    | RunwayML.TextToVideoCreateParams
    | RunwayML.ImageToVideoCreateParams
    | RunwayML.VideoToVideoCreateParams;
  expectTypeOf<Exclude<keyof RunwayVideo, FieldsOf<Official>>>().toEqualTypeOf<'task' | 'extra'>();
  const hosted = runway({ model: 'x' });
  expectTypeOf(hosted.baseUrl).toBeString();
  expectTypeOf<InputOf<typeof hosted>>().toEqualTypeOf<RunwayVideo>();
  expectTypeOf<OperationsOf<typeof hosted>>().toEqualTypeOf<RunwayOperations>();
  expectTypeOf<BoundOperations<typeof hosted>['organization']>().toBeCallableWith();
  type Told = RunwayML.OrganizationRetrieveResponse;
  expectTypeOf<Told>().toExtend<Pick<RunwayOrganization, 'creditBalance' | 'tier' | 'usage'>>();
});

it('xai takes media as objects, and a video with each edit and each extension', () => {
  const image = { url: 'https://host.test/a.png' };
  accepts(
    xai(),
    { model: 'x' },
    { model: 'x', image: { url: new Blob() }, storage_options: { public_url: true } },
  );
  accepts(xai({ model: 'x' }), {}, { image: { file_id: 'file_1' }, last_frame: image, duration: 5 });
  accepts(xai({ model: 'x' }), { reference_audios: [{ voice_id: 'eve' }, image], extra: { seed: 1 } });
  // @ts-expect-error no model
  accepts(xai(), { prompt: 'x' });
  // @ts-expect-error the URL of a picture is in an object
  accepts(xai({ model: 'x' }), { image: 'https://host.test/a.png' });
  // @ts-expect-error a voice is no picture
  accepts(xai({ model: 'x' }), { last_frame: { voice_id: 'eve' } });
  const hosted = xai({ model: 'x' });
  expectTypeOf(hosted.baseUrl).toBeString();
  expectTypeOf<InputOf<typeof hosted>>().toEqualTypeOf<XaiVideo>();
  expectTypeOf<OperationsOf<typeof hosted>>().toEqualTypeOf<XaiOperations>();
  type Bound = BoundOperations<typeof hosted>;
  expectTypeOf<Bound['edit']>().toBeCallableWith({ prompt: 'x', video: image });
  expectTypeOf<Bound['extend']>().toBeCallableWith({ prompt: 'x', video: image, duration: 6 });
  // @ts-expect-error no video
  void ((bound: Bound) => bound.edit({ prompt: 'x' }));
  expectTypeOf<ReturnType<Bound['edit']>>().toEqualTypeOf<Promise<VideoJob<'video'>>>();
});

it('fal takes an input of any fields, and a model with each, unless it has one', () => {
  const input = { prompt: 'x', image_url: new Blob(), keyframes: [{ url: image }] };
  accepts(fal(), { model: 'fal-ai/veo3.1', input });
  accepts(fal({ model: 'x/y' }), { input }, { model: 'a/b/c', input, webhookUrl: 'https://x.test' });
  fal({ model: undefined, webhookUrl: ({ token }) => `https://x.test/${token}`, priority: 'low' });
  // @ts-expect-error no model
  accepts(fal(), { input });
  // @ts-expect-error what the model takes is within input
  accepts(fal({ model: 'x/y' }), { prompt: 'x' });
  // @ts-expect-error the priority is that of all
  accepts(fal({ model: 'x/y' }), { input, priority: 'low' });
  // @ts-expect-error there is no such priority
  fal({ priority: 'high' });
  const hosted = fal({ model: 'x/y' });
  expectTypeOf(hosted.baseUrl).toBeString();
  expectTypeOf<InputOf<typeof hosted>>().toEqualTypeOf<FalRequest>();
  expectTypeOf<VariantOf<typeof hosted>>().toEqualTypeOf<'video'>();
});

it('input, variants and operations can be had from a backend', () => {
  const blocking = vidBuilder({ blocking: true });
  expectTypeOf<InputOf<typeof blocking>>().toEqualTypeOf<VidBuilderVideo>();
  expectTypeOf<VariantOf<typeof blocking>>().toEqualTypeOf<'video' | 'reels'>();
  expectTypeOf<keyof OperationsOf<typeof blocking>>().toEqualTypeOf<never>();

  const openAI = openAIVideos();
  expectTypeOf<InputOf<typeof openAI>>().toEqualTypeOf<OpenAIVideo>();
  expectTypeOf<VariantOf<typeof openAI>>().toEqualTypeOf<'video' | 'thumbnail' | 'spritesheet'>();
  expectTypeOf<OperationsOf<typeof openAI>>().toEqualTypeOf<OpenAIOperations>();
});

it('a backend of one input and one file needs no more than these types', () => {
  expectTypeOf<Backend<{ prompt: string }, 'video'>>().toExtend<AnyBackend>();
});

it('comfyUI takes a workflow of nodes, and needs a baseUrl', () => {
  const workflow = {
    '3': { class_type: 'SaveVideo', inputs: { video: ['2', 0] }, _meta: { title: 'Save' } },
  };
  accepts(comfyUI(), { workflow }, { workflow, prompt_id: 'x', extra_data: { a: 1 }, front: true });
  // @ts-expect-error no workflow
  accepts(comfyUI(), { prompt_id: 'x' });
  // @ts-expect-error a node without a class
  accepts(comfyUI(), { workflow: { '3': { inputs: {} } } });
  // @ts-expect-error an unknown field
  accepts(comfyUI(), { workflow, number: 3 });
  // @ts-expect-error it has no options
  comfyUI({ model: 'x' });
  expectTypeOf<InputOf<ReturnType<typeof comfyUI>>>().toEqualTypeOf<ComfyUIPrompt>();
  expectTypeOf<VariantOf<ReturnType<typeof comfyUI>>>().toEqualTypeOf<'video'>();
  expectTypeOf<OperationsOf<ReturnType<typeof comfyUI>>>().toEqualTypeOf<ComfyUIOperations>();
  type Bound = BoundOperations<ReturnType<typeof comfyUI>>;
  expectTypeOf<Bound['upload']>().parameter(0).toEqualTypeOf<ComfyUIFile>();
  expectTypeOf<Bound['queue']>().returns.resolves.toEqualTypeOf<ComfyUIQueue>();
  // @ts-expect-error no baseUrl
  new VideoClient({ backend: comfyUI() });
  new VideoClient({ backend: comfyUI(), baseUrl: 'http://127.0.0.1:8188' });
});
