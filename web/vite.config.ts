import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: "es2023",
    // The Content-Security-Policy forbids data: scripts and inline styles; everything is a file of ours.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
