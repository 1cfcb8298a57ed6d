/** The element that the page is known to have. */
export function find<E extends Element>(parent: ParentNode, selector: string, type: new () => E): E {
  const element = parent.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`the page has no ${selector}`);
  return element;
}

/** Says it to those who cannot see it. Progress in percent is not for here: it would never be quiet. */
export function announce(text: string): void {
  find(document, '#announcements', HTMLElement).textContent = text;
}
