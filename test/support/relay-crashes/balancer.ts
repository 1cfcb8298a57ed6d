import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Where one connection leads, and what it is for. */
export interface Passage {
  /** The name of the process. */
  readonly to: string;
  /** The first line of what was asked last, such as `GET /videos/api/download?jobId=… HTTP/1.1`. */
  readonly asked: string;
  readonly isWebSocket: boolean;
  /** How much of the answers has gone to the page, in bytes. */
  readonly passed: number;
}

/** Looks at each part of an answer before it goes on, and says true where only half of it is to go, and nothing after it. */
export type Cut = (passage: Passage, part: Buffer) => boolean;

/** Lets connections come to several processes in turn, passes over those that are dead, and keeps all that pages get. */
export class Balancer implements AsyncDisposable {
  readonly url: string;
  cut: Cut = () => false;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  readonly #answers: Buffer[][];

  private constructor(server: Server, sockets: Set<Socket>, answers: Buffer[][]) {
    this.#server = server;
    this.#sockets = sockets;
    this.#answers = answers;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** @param targets - Those that serve at this moment. */
  static async start(
    targets: () => readonly { readonly name: string; readonly port: number }[],
  ): Promise<Balancer> {
    const sockets = new Set<Socket>();
    const answers: Buffer[][] = [];
    let turn = 0;
    const server = createServer({ pauseOnConnect: true }, (page) => {
      keep(page);
      const serving = targets();
      next(page, serving, turn++, serving.length);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const balancer = new Balancer(server, sockets, answers);
    return balancer;

    function keep(socket: Socket): void {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }

    function next(page: Socket, serving: ReturnType<typeof targets>, at: number, tries: number): void {
      const target = serving[at % serving.length];
      if (target === undefined || tries === 0) return void page.destroy();
      const behind = connect(target.port, '127.0.0.1');
      keep(behind);
      const another = () => next(page, serving, at + 1, tries - 1);
      behind.once('error', another);
      behind.once('connect', () => {
        behind.off('error', another);
        join(page, behind, target.name);
      });
    }

    function join(page: Socket, behind: Socket, to: string): void {
      const answer: Buffer[] = [];
      answers.push(answer);
      const passage = { to, asked: '', isWebSocket: false, passed: 0 };
      page.on('data', (part) => {
        const [line] = /^(GET|POST|DELETE) [^\r]+/.exec(part.toString('latin1')) ?? [];
        if (line !== undefined) {
          passage.asked = line;
          passage.isWebSocket = /\r\nupgrade: websocket\r\n/i.test(part.toString('latin1'));
        }
        if (!behind.write(part)) page.pause();
      });
      behind.on('data', (part) => {
        const isCut = balancer.cut(passage, part);
        const sent = isCut ? part.subarray(0, Math.ceil(part.length / 2)) : part;
        answer.push(sent);
        passage.passed += sent.length;
        if (!page.write(sent)) behind.pause();
        if (isCut) behind.destroy();
      });
      page.on('drain', () => behind.resume());
      behind.on('drain', () => page.resume());
      // What is on its way goes first.
      behind.on('close', () => page.destroySoon());
      page.on('end', () => behind.end());
      page.on('close', () => behind.destroy());
      page.resume();
    }
  }

  /** All that went to pages, a text of each connection. */
  get answers(): readonly string[] {
    return this.#answers.map((parts) => Buffer.concat(parts).toString('latin1'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
