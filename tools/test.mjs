// `npm test [-- TEXT...]`: all set-up, then every test. With words, only those test files whose names hold one of them.
import { command } from "./bootstrap.mjs";

await command(() => import("./test/main.mjs"));
