/**
 * Hooks for React 18 and 19.
 *
 * @module reelwire/react
 */
'use client';

export type { FollowedState } from './job-store.js';
export {
  type GenerateStatus,
  type GenerateVideo,
  type GenerateVideoOptions,
  type UseGenerateVideoOptions,
  useGenerateVideo,
} from './use-generate-video.js';
export { type LeftJobs, type UseJobsOptions, useJobs } from './use-jobs.js';
export { type UseVideoJobOptions, useVideoJob, type VideoJobState } from './use-video-job.js';
