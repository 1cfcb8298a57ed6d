import type { AnyBackend } from '../backends/backend.js';

/** The jobs that a webhook means by an id: it may call a job otherwise. What throws, the backend's own, is told. */
export function jobsMeant(
  id: string,
  jobIds: Iterable<string>,
  backend: Pick<AnyBackend, 'webhookIdOf'>,
  threw: (error: unknown) => void,
): readonly string[] {
  if (backend.webhookIdOf === undefined) return [id];
  try {
    return [...jobIds].filter((jobId) => jobId === id || backend.webhookIdOf?.(jobId) === id);
  } catch (error) {
    threw(error);
    return [id];
  }
}
