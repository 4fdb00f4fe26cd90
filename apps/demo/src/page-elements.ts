// The elements of index.html, by id and with their class checked, so that a page that was edited apart fails at once.

/**
 * The element with that id.
 *
 * @throws Error when the page has none of that class
 */
export function pageElement<T extends Element>(id: string, type: abstract new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`The page has no ${type.name} with the id "${id}".`);
  return element;
}
