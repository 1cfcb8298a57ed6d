import type { ErrorBody } from '../../core/error-body.js';
import { textOf } from '../../core/fields.js';
import { isRecord } from '../../core/record.js';
import { InvalidResponseError } from '../../errors.js';

/** A model, and what it takes: what OpenRouter says of it, untrusted. */
export interface OpenRouterModel {
  readonly id: string;
  readonly name?: string;
  readonly supported_durations?: readonly number[] | null;
  readonly supported_resolutions?: readonly string[] | null;
  readonly supported_aspect_ratios?: readonly string[] | null;
  readonly supported_sizes?: readonly string[] | null;
  readonly supported_frame_images?: readonly string[] | null;
  readonly generate_audio?: boolean | null;
  readonly seed?: boolean | null;
  readonly allowed_passthrough_parameters?: readonly string[];
  /** US dollars as text, by what is counted. */
  readonly pricing_skus?: Readonly<Record<string, string>> | null;
  readonly [field: string]: unknown;
}

/** `{ error: { code, message, metadata }, user_id }`; the code is the status over again, which says more by words. */
export function parseOpenRouterError(body: unknown): ErrorBody {
  if (!isRecord(body)) return { details: body ?? undefined };
  const { error, message } = body;
  if (!isRecord(error)) return { message: textOf(error) ?? textOf(message), details: body };
  const { code, metadata } = error;
  return {
    message: textOf(error.message),
    code: textOf(code),
    details: metadata ?? undefined,
    // No money, and what moderation refuses, stay so, whatever status the answer has.
    retryable: code === 402 || code === 403 ? false : undefined,
  };
}

export function readOpenRouterModels(body: unknown): OpenRouterModel[] {
  const data = isRecord(body) ? body.data : undefined;
  if (!Array.isArray(data)) {
    throw new InvalidResponseError('the list of models holds no data', {
      hint: 'Check that baseUrl is that of OpenRouter, or of a proxy for all of it.',
    });
  }
  return data.filter((model): model is OpenRouterModel => isRecord(model) && typeof model.id === 'string');
}
