// What only the fetch of Node and its kin has. A browser build takes node-fetch.browser.ts instead.

/** A route or an interface is gone: a read from an open connection fails so, too. */
const NO_ROUTE = /^E(HOSTUNREACH|HOSTDOWN|NETUNREACH|NETDOWN|ADDRNOTAVAIL)$/;
/** Before a connection is there, nothing can have been sent. Node's, undici's and Bun's codes. */
const NOT_CONNECTED =
  /^(E(CONNREFUSED|NOTFOUND|AI_AGAIN)|UND_ERR_CONNECT_TIMEOUT|ConnectionRefused|FailedToOpenSocket)$/;
/** A certificate that was refused: the handshake ended before any request. */
const NOT_TRUSTED = /^(CERT_|ERR_TLS_CERT_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED_CERT|UNABLE_TO_(GET|VERIFY))/;
/** Plain words where TLS was expected. No proof that nothing was sent: an open connection may break so, too. */
const NO_TLS = /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)$/;
const MAX_CAUSES = 5;

/** As undici says of a port that no fetch may use, such as 6000 and 10080. The error has no code. */
const BAD_PORT = 'bad port';

interface SystemError {
  readonly message?: unknown;
  readonly code?: unknown;
  readonly syscall?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

/**
 * True where the error proves that no connection was made, so that nothing can have arrived. Without a code there
 * is no proof: a browser's `TypeError` says the same for a refusal and for a lost answer.
 */
export function neverConnected(error: unknown, depth = 0, isOfAddress = false): boolean {
  if (typeof error !== 'object' || error === null || depth > MAX_CAUSES) return false;
  const { code, syscall, cause, errors, message } = error as SystemError;
  if (message === BAD_PORT) return true;
  // Several addresses were tried: every one of them must have failed so.
  if (Array.isArray(errors) && errors.length > 0)
    return errors.every((one) => neverConnected(one, depth + 1, true));
  // A reset, even one that Node lays to `connect`, comes from a server that had taken the connection.
  if (code === 'ECONNRESET') return false;
  // `queryA` and its like are of a resolver that was given to the agent.
  if (typeof syscall === 'string') return /^(connect$|getaddrinfo$|query)/.test(syscall);
  if (typeof code === 'string') {
    if (NOT_CONNECTED.test(code) || NOT_TRUSTED.test(code)) return true;
    // Several addresses are tried for a connection alone.
    if (isOfAddress && NO_ROUTE.test(code)) return true;
  }
  return neverConnected(cause, depth + 1);
}

/** True where trying again meets the same: the certificate of the server was refused, or its port. */
export function isLasting(error: unknown): boolean {
  const code = systemCode(error) ?? '';
  return code === BAD_PORT || NOT_TRUSTED.test(code);
}

/** The code nearest to the root of the trouble, such as `ECONNREFUSED`, and what to do about it. */
export function explain(error: unknown): { code: string; hint: string } | undefined {
  const code = systemCode(error);
  if (code === undefined) return undefined;
  if (/REFUSED$/i.test(code)) return { code, hint: 'Check that the server runs, and the port in baseUrl.' };
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return { code, hint: 'Check the host name in baseUrl, and the network.' };
  if (NOT_TRUSTED.test(code))
    return {
      code,
      hint: 'The certificate of the server is not trusted: give its authority in NODE_EXTRA_CA_CERTS.',
    };
  if (code === BAD_PORT)
    return {
      code,
      hint: 'Browsers and Node refuse to call this port: let the server listen on another one.',
    };
  if (NO_TLS.test(code)) return { code, hint: 'Check whether baseUrl is to begin with http: or https:.' };
  return { code, hint: 'Check the network and the server, then try again.' };
}

function systemCode(error: unknown, depth = 0): string | undefined {
  if (typeof error !== 'object' || error === null || depth > MAX_CAUSES) return undefined;
  const { code, cause, errors, message } = error as SystemError;
  return (
    systemCode(cause, depth + 1) ??
    systemCode(Array.isArray(errors) ? errors[0] : undefined, depth + 1) ??
    (typeof code === 'string' ? code : message === BAD_PORT ? BAD_PORT : undefined)
  );
}

/** Node's fetch gives up by itself after 300 s without headers, or between two parts of a body. */
const NODE_PATIENCE_MS = 300_000;

/** Makes a call that may take longer wait as long as it may, through the dispatcher that is in force. */
export function patience(timeoutMs: number): object {
  const dispatcher: unknown = Reflect.get(globalThis, Symbol.for('undici.globalDispatcher.1'));
  if (timeoutMs < NODE_PATIENCE_MS || typeof dispatcher !== 'object' || dispatcher === null) return {};
  const { dispatch } = dispatcher as { dispatch?: (options: object, handler: unknown) => boolean };
  if (typeof dispatch !== 'function') return {};
  return {
    dispatcher: {
      dispatch: (options: object, handler: unknown) =>
        dispatch.call(dispatcher, { ...options, headersTimeout: timeoutMs, bodyTimeout: timeoutMs }, handler),
    },
  };
}
