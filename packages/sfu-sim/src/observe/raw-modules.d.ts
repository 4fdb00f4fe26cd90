// Files as text: Vite's `?raw` (https://vite.dev/guide/assets).

declare module '*?raw' {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: this is how Vite exports it.
  export default text;
}
