/**
 * What keeps jobs over a crash, and over several processes: where their records are kept, and the bus that wakes who waits.
 *
 * @module reelwire/jobs
 */

export { ConfigurationError, isVideoError, JobStoreError, VideoError } from '../errors.js';
export type { JobBus, SharedSnapshot } from './bus.js';
export { memoryBus } from './buses/memory.js';
export { type RedisBusOptions, redisBus } from './buses/redis.js';
export type {
  IORedisBusClient,
  IORedisSubscriber,
  NodeRedisBusClient,
  NodeRedisSubscriber,
} from './buses/redis-client.js';
export type { Jobs } from './jobs.js';
export { jobsOver } from './jobs-over.js';
export { memoryJobs } from './memory.js';
export type { JobRecord, JobRecordState } from './record.js';
export type { JobStore, JobStoreQuery } from './store.js';
export { keyValueJobs } from './stores/key-value.js';
export type {
  IdbKeyvalShape,
  KeyValueStorage,
  KeyvShape,
  UnstorageShape,
} from './stores/key-value-storage.js';
export { type RedisJobsOptions, redisJobs } from './stores/redis.js';
export type { IORedisJobsClient, NodeRedisJobsClient } from './stores/redis-eval.js';
export { type WebJobsOptions, webJobs } from './stores/web.js';
