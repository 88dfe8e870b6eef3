/** Style elements that libraries make while the page runs are let in by the nonce of the answer that brought the page. */

export function allowOwnStyles(): void {
  const nonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? "";
  const create = document.createElement.bind(document);
  document.createElement = (name: string, options?: ElementCreationOptions): HTMLElement => {
    const element = create(name, options);
    if (name === "style") element.nonce = nonce;
    return element;
  };
}
