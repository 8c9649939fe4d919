// Brings the policy to a Trino: see docs/trino.md. Needs nothing but Node, so that it runs beside any coordinator.
import { main } from "./relay/main.mjs";

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`error: ${error.message}\n`);
  process.exit(1);
});
