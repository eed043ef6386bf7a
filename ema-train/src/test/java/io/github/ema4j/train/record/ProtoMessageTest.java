// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.train.record;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/**
 * Bytes of messages, of which the first two are examples of <a
 * href="https://protobuf.dev/programming-guides/encoding/">the description of the format</a>.
 */
class ProtoMessageTest {

  private static void assertBytes(String hex, ProtoMessage message) {
    assertEquals(hex, HexFormat.ofDelimiter(" ").formatHex(message.bytes()));
  }

  @Test
  void theExamplesOfTheDescriptionHaveItsBytes() {
    assertBytes("08 96 01", new ProtoMessage().whole(1, 150));
    assertBytes("12 07 74 65 73 74 69 6e 67", new ProtoMessage().text(2, "testing"));
    assertBytes("1a 03 08 96 01", new ProtoMessage().message(3, new ProtoMessage().whole(1, 150)));
  }

  @Test
  void wholeNumbersTakeSevenBitsAByteAndTheLowestFirst() {
    assertBytes("08 00", new ProtoMessage().whole(1, 0));
    assertBytes("08 7f", new ProtoMessage().whole(1, 127));
    assertBytes("08 80 01", new ProtoMessage().whole(1, 128));
    assertBytes("08 80 80 80 80 10", new ProtoMessage().whole(1, 1L << 32));
    assertBytes("08 ff ff ff ff ff ff ff ff ff 01", new ProtoMessage().whole(1, -1));
  }

  @Test
  void fractionsAreLittleEndian() {
    assertBytes("09 00 00 00 00 00 00 f8 3f", new ProtoMessage().float64(1, 1.5));
    assertBytes("15 00 00 c0 3f", new ProtoMessage().float32(2, 1.5f));
    assertBytes("15 00 00 c0 7f", new ProtoMessage().float32(2, Float.NaN));
  }

  @Test
  void textIsMeasuredInBytesAndFieldsAbove15TakeTwo() {
    assertBytes("0a 02 c3 a4", new ProtoMessage().text(1, "\u00e4"));
    assertBytes("82 01 00", new ProtoMessage().text(16, ""));
  }

  @Test
  void fieldsFollowEachOtherAsTheyWereGiven() {
    assertBytes("10 01 08 02 10 03", new ProtoMessage().whole(2, 1).whole(1, 2).whole(2, 3));
  }
}
