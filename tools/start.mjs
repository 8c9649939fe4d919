// `npm start`: sets everything up and brings the platform up. `--help` says the rest.
import { command } from "./bootstrap.mjs";

await command(() => import("./platform/start.mjs"));
