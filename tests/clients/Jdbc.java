import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/**
 * Drives Trino's JDBC driver as a BI tool does. Arguments: the JDBC address, then what to do, each with its own
 * arguments up to the next {@code --}. The user and the token come from the environment. Writes a line for each: the rows,
 * or the error.
 */
public final class Jdbc {
    private Jdbc() {}

    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        properties.setProperty("user", System.getenv("TOWNLAKE_USER"));
        properties.setProperty(System.getenv("TOWNLAKE_CREDENTIAL"), System.getenv("TOWNLAKE_TOKEN"));
        try (Connection connection = DriverManager.getConnection(arguments[0], properties)) {
            List<String> task = new ArrayList<>();
            for (int at = 1; at < arguments.length; at++) {
                if (!arguments[at].equals("--")) {
                    task.add(arguments[at]);
                }
                if (arguments[at].equals("--") || at == arguments.length - 1) {
                    System.out.println(run(connection, task));
                    task.clear();
                }
            }
        }
    }

    private static String run(Connection connection, List<String> task) {
        try {
            return switch (task.get(0)) {
                case "query" -> query(connection, task.get(1));
                case "execute" -> execute(connection, task.get(1));
                case "prepared" -> prepared(connection, task);
                case "tables" -> rows(metadata(connection).getTables(task.get(1), task.get(2), "%", null), 1, 2, 3, 4);
                case "columns" -> rows(metadata(connection).getColumns(task.get(1), task.get(2), task.get(3), "%"), 4, 6, 5);
                case "schemas" -> rows(metadata(connection).getSchemas(task.get(1), "%"), 1, 2);
                case "catalogs" -> rows(metadata(connection).getCatalogs(), 1);
                case "product" -> metadata(connection).getDatabaseProductName();
                case "cancel" -> cancel(connection, task.get(1));
                default -> throw new IllegalArgumentException(task.get(0));
            };
        } catch (SQLException error) {
            return "error " + error.getErrorCode() + ": " + error.getMessage().replace('\n', ' ');
        }
    }

    private static DatabaseMetaData metadata(Connection connection) throws SQLException {
        return connection.getMetaData();
    }

    private static String query(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            return rows(statement.executeQuery(sql));
        }
    }

    private static String execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            return "rows " + statement.execute(sql);
        }
    }

    /** A number and a text, as the two parameters that nearly every tool sends. */
    private static String prepared(Connection connection, List<String> task) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(task.get(1))) {
            ResultSetMetaData shape = statement.getMetaData();
            statement.setLong(1, Long.parseLong(task.get(2)));
            statement.setString(2, task.get(3));
            String first = rows(statement.executeQuery());
            String again = rows(statement.executeQuery());
            return shape.getColumnName(1) + " " + shape.getColumnTypeName(1) + ": " + first + (first.equals(again) ? "" : " then " + again);
        }
    }

    /** Runs a statement that would take minutes, and cancels it from another thread as the button of a tool does. */
    private static String cancel(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            long started = System.nanoTime();
            Thread button = new Thread(() -> {
                try {
                    Thread.sleep(2_000);
                    statement.cancel();
                } catch (InterruptedException | SQLException error) {
                    throw new IllegalStateException(error);
                }
            });
            button.setDaemon(true);
            button.start();
            try (ResultSet result = statement.executeQuery(sql)) {
                while (result.next()) {
                    // Rows may come before the cancellation does.
                }
                return "not cancelled";
            } catch (SQLException error) {
                boolean prompt = System.nanoTime() - started < 10_000_000_000L;
                return (prompt ? "cancelled: " : "late: ") + error.getMessage().replace('\n', ' ');
            } finally {
                button.interrupt();
            }
        }
    }

    private static String rows(ResultSet result, int... columns) throws SQLException {
        List<String> lines = new ArrayList<>();
        int width = result.getMetaData().getColumnCount();
        while (result.next()) {
            List<String> cells = new ArrayList<>();
            if (columns.length == 0) {
                for (int column = 1; column <= width; column++) {
                    cells.add(String.valueOf(result.getObject(column)));
                }
            }
            for (int column : columns) {
                cells.add(String.valueOf(result.getObject(column)));
            }
            lines.add(String.join(",", cells));
        }
        return String.join(" | ", lines);
    }
}
