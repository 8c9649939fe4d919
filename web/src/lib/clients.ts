/** What to type into each kind of client. The JDBC driver and the CLI send credentials over TLS only. */
export interface ClientSetup {
  title: string;
  text: string;
}

/** The port of the local TLS edge; a deployed gateway has TLS on its own address. */
const LOCAL_TLS = "localhost:8743";

export function clientSetups(origin: string, user: string): ClientSetup[] {
  const here = new URL(origin);
  const plain = here.protocol === "http:";
  const tls = plain ? LOCAL_TLS : here.host;
  const authority = plain ? "  # --truststore-path=.townlake/tls/ca.pem for the local certificate" : "";
  return [
    {
      title: "Python",
      text: [
        "import os, trino",
        "connection = trino.dbapi.connect(",
        `    host="${here.hostname}", port=${here.port || (plain ? 80 : 443)}, http_scheme="${here.protocol.slice(0, -1)}", user="${user}",`,
        `    auth=trino.auth.JWTAuthentication(os.environ["TOWNLAKE_TOKEN"])${plain ? ", allow_insecure_auth=True" : ""})`,
        'print(connection.cursor().execute("SELECT * FROM lake.dim.accounts LIMIT 5").fetchall())',
      ].join("\n"),
    },
    {
      title: "Trino CLI",
      text: `trino --server=https://${tls} --user=${user} --access-token="$TOWNLAKE_TOKEN"${authority}`,
    },
    {
      title: "JDBC",
      text: `jdbc:trino://${tls}?SSL=true${plain ? "&SSLTrustStorePath=.townlake/tls/ca.pem" : ""}&accessToken=TOWNLAKE_TOKEN`,
    },
    {
      title: "MCP (Claude Code, Cursor, VS Code)",
      text: JSON.stringify(
        {
          mcpServers: {
            skipper: { type: "http", url: `${origin}/mcp`, headers: { Authorization: "Bearer TOWNLAKE_TOKEN" } },
          },
        },
        null,
        2,
      ),
    },
    {
      title: "HTTP",
      text: `curl -s ${origin}/v1/statement -H "Authorization: Bearer $TOWNLAKE_TOKEN" --data 'SHOW CATALOGS'`,
    },
  ];
}
