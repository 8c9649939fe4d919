// The sandbox's entry: one request, one snippet. Everything it can reach is `env.TOOLS`, which acts as the caller.
import snippet from "./user.js";
import { run } from "./harness.js";

export default {
  async fetch(request, env) {
    const send = async (name, args) => {
      const response = await env.TOOLS.fetch(`http://tools/${name}`, { method: "POST", body: args });
      return response.json();
    };
    return Response.json(await run(snippet, send, await request.json()));
  },
};
