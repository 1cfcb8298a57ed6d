'use client';

import { VideoClient } from 'reelwire';
import { useGenerateVideo, useVideoJob } from 'reelwire/react';

const client = new VideoClient({ baseUrl: 'https://videos.example.com' });

export function Studio() {
  const { generate, job, isPending } = useGenerateVideo(client);
  const { snapshot } = useVideoJob(client, job?.id ?? null);
  return (
    <button
      type="button"
      disabled={isPending}
      onClick={() => generate({ walletAddress: '0x123', script: 'Explain blockchain' })}
    >
      {snapshot?.status ?? 'Generate'}
    </button>
  );
}
