/**
 * Hooks for React 18 and 19.
 *
 * @module reelwire/react
 */
'use client';

export { type GenerateVideo, useGenerateVideo } from './use-generate-video.js';
export { useVideoJob, type VideoJobState } from './use-video-job.js';
