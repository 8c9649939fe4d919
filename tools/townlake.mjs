// `npm run -s townlake -- sql check models`: the command line, compiled when its sources changed. Needs no npm packages.
import { main } from "./cli/main.mjs";

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
