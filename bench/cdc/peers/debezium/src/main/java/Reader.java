import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.format.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Reads a binlog file with Debezium's embedded engine and its MariaDB connector, as JSON without
 * schemas, and says how long that took: HOST PORT USER PASSWORD FILE END_POSITION GTID ROWS json
 *
 * <p>Prints "ROWS TIMED_ROWS SECONDS CPU_SECONDS". The first batch marks the start of the time and
 * is not among the timed rows. A change event does not say where its transaction ends, so ROWS says
 * when to stop; a moment longer shows whether more would have come.
 */
public final class Reader {
    private static final long QUIET_SECONDS = 60;
    private static final long MORE_MILLIS = 500;

    private final long wanted;
    private final CountDownLatch done = new CountDownLatch(1);
    private volatile long rows;
    private long firstBatch;
    private long started;
    private long ended;
    private double startedCpu;
    private double endedCpu;
    private volatile String failure;

    private Reader(long wanted) {
        this.wanted = wanted;
    }

    private static double cpu() {
        var system = (com.sun.management.OperatingSystemMXBean)
            ManagementFactory.getOperatingSystemMXBean();
        return system.getProcessCpuTime() / 1e9;
    }

    private void take(List<ChangeEvent<String, String>> events,
                      DebeziumEngine.RecordCommitter<ChangeEvent<String, String>> committer)
            throws InterruptedException {
        long count = 0;
        for (var event : events) {
            if (event.value() != null && event.destination().startsWith("bench.bench.")) ++count;
            committer.markProcessed(event);
        }
        committer.markBatchFinished();
        if (rows == 0 && count > 0) {
            firstBatch = count;
            started = System.nanoTime();
            startedCpu = cpu();
        }
        rows += count;
        if (rows < wanted || ended != 0) return;
        ended = System.nanoTime();
        endedCpu = cpu();
        done.countDown();
    }

    private static String causes(Throwable error) {
        var text = new StringBuilder();
        for (; error != null; error = error.getCause()) text.append(": ").append(error);
        return text.toString();
    }

    /** The engine's store: Java's serialisation of a map from encoded keys to encoded values. */
    private static void writeOffset(Path store, String file, String gtid)
            throws IOException {
        Map<byte[], byte[]> offsets = new HashMap<>();
        offsets.put("[\"bench\",{\"server\":\"bench\"}]".getBytes(StandardCharsets.UTF_8),
            String.format("{\"file\":\"%s\",\"pos\":4,\"gtids\":\"%s\"}", file, gtid)
                .getBytes(StandardCharsets.UTF_8));
        var bytes = new ByteArrayOutputStream();
        try (var out = new ObjectOutputStream(bytes)) {
            out.writeObject(offsets);
        }
        Files.write(store, bytes.toByteArray());
    }

    private static Properties properties(String[] words, Path store) {
        var properties = new Properties();
        properties.put("name", "bench");
        properties.put("topic.prefix", "bench");
        properties.put("connector.class", "io.debezium.connector.mariadb.MariaDbConnector");
        properties.put("database.hostname", words[0]);
        properties.put("database.port", words[1]);
        properties.put("database.user", words[2]);
        properties.put("database.password", words[3]);
        properties.put("database.server.id", "4711004");
        properties.put("database.ssl.mode", "disable");
        properties.put("database.include.list", "bench");
        properties.put("include.schema.changes", "false");
        properties.put("tombstones.on.delete", "false");
        properties.put("offset.storage", "org.apache.kafka.connect.storage.FileOffsetBackingStore");
        properties.put("offset.storage.file.filename", store.toString());
        properties.put("schema.history.internal",
            "io.debezium.relational.history.MemorySchemaHistory");
        // Takes the tables as they are now, and the stored offset as the place to begin.
        properties.put("snapshot.mode", "recovery");
        properties.put("key.converter.schemas.enable", "false");
        properties.put("value.converter.schemas.enable", "false");
        return properties;
    }

    private void waitForRows() throws InterruptedException {
        long before = -1;
        while (!done.await(QUIET_SECONDS, TimeUnit.SECONDS)) {
            if (rows == before) throw new IllegalStateException("no rows come any more: " + rows);
            before = rows;
        }
        Thread.sleep(MORE_MILLIS);
    }

    private void run(String[] words) throws Exception {
        Path store = Files.createTempFile("debezium-offsets", ".dat");
        writeOffset(store, words[4], words[6]);
        var engine = DebeziumEngine.create(Json.class)
            .using(properties(words, store))
            .using((success, message, error) -> {
                if (!success) failure = message + causes(error);
                if (!success) done.countDown();
            })
            .notifying(this::take)
            .build();
        var thread = new Thread(engine, "engine");
        thread.setDaemon(true);
        thread.start();
        try {
            waitForRows();
        } finally {
            Files.deleteIfExists(store);
        }
        if (failure != null) throw new IllegalStateException(failure);
        System.out.printf("%d %d %.6f %.6f%n", rows, rows - firstBatch, (ended - started) / 1e9,
            endedCpu - startedCpu);
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    public static void main(String[] words) {
        try {
            new Reader(Long.parseLong(words[7])).run(words);
        } catch (Exception error) {
            System.err.println("debezium: " + error);
            Runtime.getRuntime().halt(1);
        }
    }
}
