import { VideoClient, type VideoJob, vidBuilder } from 'reelwire';
import { type GenerateVideo, useGenerateVideo, useVideoJob, type VideoJobState } from 'reelwire/react';

const gateway = new VideoClient({ baseUrl: 'http://localhost:3001' });
const builder = new VideoClient({
  baseUrl: 'http://localhost:3001',
  backend: vidBuilder({ webhookUrl: 'https://example.com/hook' }),
});

export function Job({ id }: { readonly id: string | null }) {
  const state: VideoJobState = useVideoJob(gateway, id);
  if (state.error !== undefined) return <p role="alert">{String(state.error)}</p>;
  // @ts-expect-error only a failed job has a reason
  state.snapshot?.error.length;
  return <progress max={100} value={state.snapshot?.progress ?? 0} title={state.transport} />;
}

export function Generate() {
  const { generate, job, reset } = useGenerateVideo(builder);
  const submitted: VideoJob<'video' | 'reels'> | undefined = job;
  // @ts-expect-error vidBuilder takes scenes
  const wrong = () => generate({ script: 'A cat' });
  return (
    <button type="button" onClick={wrong} onBlur={reset}>
      {submitted?.id}
    </button>
  );
}

export type { GenerateVideo };
