// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.ui;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.deeplearning4j.core.storage.Persistable;
import org.nd4j.shade.jackson.annotation.JsonInclude;
import org.nd4j.shade.jackson.databind.JsonNode;

/**
 * What is put into a stats storage: a {@code TrainingRun} as the static info of a session, or an
 * {@code AverageState} as an update.
 *
 * <p>It is stored as a JSON text in UTF-8 with the names of these records' components; the
 * package's introduction shows one. The number {@code format} is raised whenever a reader of today
 * would misread the text. Numbers that are not finite are the strings {@code "NaN"}, {@code
 * "Infinity"} and {@code "-Infinity"}.
 */
public final class EmaRecord implements Persistable {

  /** Tells these records from others in a storage. */
  public static final String TYPE_ID = "ModelEma";

  /** The format that is written, and the latest that is read. */
  public static final int FORMAT = 2;

  private static final long serialVersionUID = 1L;

  @JsonInclude(JsonInclude.Include.NON_NULL)
  private record Text(
      int format,
      String session,
      String worker,
      long timestamp,
      TrainingRun run,
      AverageState state)
      implements Serializable {}

  private Text text;

  /** For storages, which decode into a new record. */
  public EmaRecord() {}

  private EmaRecord(Text text) {
    this.text = text;
  }

  static EmaRecord of(String session, String worker, long timestamp, TrainingRun run) {
    return new EmaRecord(new Text(FORMAT, session, worker, timestamp, run, null));
  }

  static EmaRecord of(String session, String worker, long timestamp, AverageState state) {
    return new EmaRecord(new Text(FORMAT, session, worker, timestamp, null, state));
  }

  /**
   * The run, if this is the static info of one.
   *
   * @return empty for an update
   */
  Optional<TrainingRun> run() {
    return Optional.ofNullable(text.run());
  }

  /**
   * The state, if this is an update.
   *
   * @return empty for the static info
   */
  Optional<AverageState> state() {
    return Optional.ofNullable(text.state());
  }

  @Override
  public String getSessionID() {
    return text.session();
  }

  @Override
  public String getTypeID() {
    return TYPE_ID;
  }

  @Override
  public String getWorkerID() {
    return text.worker();
  }

  @Override
  public long getTimeStamp() {
    return text.timestamp();
  }

  @Override
  public int encodingLengthBytes() {
    return encode().length;
  }

  @Override
  public byte[] encode() {
    return Json.bytes(text);
  }

  @Override
  public void encode(ByteBuffer buffer) {
    buffer.put(encode());
  }

  @Override
  public void encode(OutputStream stream) throws IOException {
    stream.write(encode());
  }

  /**
   * Reads what {@link #encode()} wrote.
   *
   * @throws IllegalArgumentException if it is something else, or of a later format
   */
  @Override
  public void decode(byte[] bytes) {
    JsonNode root = Json.tree(bytes);
    int format = root.path("format").asInt();
    if (format < 1 || format > FORMAT) {
      throw new IllegalArgumentException(
          "A record of averaged weights is of format %s, but this version of EMA4J reads 1 to %d: update ema-ui"
              .formatted(root.path("format"), FORMAT));
    }
    text = Json.value(root, Text.class);
  }

  @Override
  public void decode(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    decode(bytes);
  }

  @Override
  public void decode(InputStream stream) throws IOException {
    decode(stream.readAllBytes());
  }
}
