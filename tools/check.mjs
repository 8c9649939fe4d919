// `npm run check`: format, lints, dependency rules, types, tidiness.
import { command } from "./bootstrap.mjs";

await command(() => import("./check/main.mjs"));
