import { find } from '../../browser/dom.js';

/** Shows the form to who is signed in, and to everybody else how to. */
export async function signedInAs(): Promise<string | undefined> {
  const answer = await fetch('/me');
  const { id } = (await answer.json()) as { id?: string };
  find(document, '#sign-in', HTMLElement).hidden = id !== undefined;
  for (const part of ['#generate', '#mine']) find(document, part, HTMLElement).hidden = id === undefined;
  if (id === undefined) return undefined;
  const who = find(document, '#who', HTMLElement);
  who.textContent = `Signed in as ${nameOf(id)}. `;
  const other = otherTab(id);
  if (other !== undefined) who.append(other);
  return id;
}

/** A cookie is a host's: by the other name of this machine somebody else can be signed in beside. */
function otherTab(id: string): HTMLAnchorElement | undefined {
  const hosts = ['localhost', '127.0.0.1'];
  const host = hosts[1 - hosts.indexOf(location.hostname)];
  if (!hosts.includes(location.hostname) || host === undefined) return undefined;
  const other = id === 'ada' ? 'grace' : 'ada';
  const link = document.createElement('a');
  link.href = `${location.protocol}//${host}:${location.port}/sign-in?user=${other}`;
  link.target = '_blank';
  link.textContent = `Open a tab as ${nameOf(other)}`;
  return link;
}

function nameOf(id: string): string {
  return id.slice(0, 1).toUpperCase() + id.slice(1);
}
