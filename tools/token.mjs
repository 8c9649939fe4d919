// `npm run -s token -- ana@corp.example`: a personal access token of one hour, for scripts and clients.
import { command } from "./bootstrap.mjs";

await command(() => import("./platform/token.mjs"));
