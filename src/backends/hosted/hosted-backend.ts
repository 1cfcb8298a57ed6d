import type { Backend, Operations } from '../backend.js';

/** A backend that knows where its service is: a client of it needs no `baseUrl`. */
export interface HostedBackend<
  Input = never,
  Variant extends string = string,
  Ops extends Operations = Operations,
> extends Backend<Input, Variant, Ops> {
  readonly baseUrl: string;
}
