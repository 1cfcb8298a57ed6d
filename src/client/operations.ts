import type { AnyBackend, Backend, HttpResponse, InputOf } from '../backends/backend.js';
import { checkCall } from '../core/check-option.js';
import type { BoundOperations, GenerateOptions } from './client-types.js';
import type { Server } from './server.js';
import type { Submission } from './submit.js';

/** What `generate` submits. */
export function generation<B extends AnyBackend>(server: Server, input: InputOf<B>): Submission {
  // What fits B's input fits its generate; the settings hold it as any backend.
  const backend = server.backend as unknown as Backend<InputOf<B>>;
  return {
    input,
    operation: 'generate',
    encode: (token) => backend.generate(input, { session: server.session.id, token }),
    parse: (response, request) => backend.parseGenerate(response, request),
  };
}

/** The backend's further calls, as methods. */
export function bindOperations<B extends AnyBackend>(
  { backend, calls, http, session }: Server,
  submit: (submission: Submission, options: GenerateOptions) => Promise<unknown>,
): BoundOperations<B> {
  const bound = Object.entries(backend.operations ?? {}).map(([name, operation]) => [
    name,
    // The types of both are those of BoundOperations, which follow from the backend's.
    async (args: never, options: GenerateOptions = {}) => {
      if ('submits' in operation) {
        const parse = (response: HttpResponse) => operation.parse(response);
        const encode = (token?: string) => operation.request(args, { session: session.id, token });
        return submit({ input: args, operation: name, encode, parse }, options);
      }
      checkCall(options);
      return calls.run(undefined, options.signal, async (signal) => {
        const response = await http.send(operation.request(args), { repeat: 'safe', signal });
        try {
          return operation.parse(response);
        } catch (error) {
          throw http.told(error);
        }
      });
    },
  ]);
  return Object.fromEntries(bound);
}
