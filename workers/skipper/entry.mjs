import Entrypoint from "./build/index.js";

export * from "./build/index.js";
export default Entrypoint;

/** What other Workers reach; their service bindings name it and say in `props` who calls. */
export class Internal extends Entrypoint {}

/** What a snippet reaches; Skipper puts into `props` on whose behalf it runs. */
export class Tools extends Entrypoint {}
