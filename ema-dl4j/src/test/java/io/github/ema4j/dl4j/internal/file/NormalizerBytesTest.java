// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.internal.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.dataset.api.preprocessor.ImagePreProcessingScaler;
import org.nd4j.linalg.dataset.api.preprocessor.MultiNormalizerHybrid;
import org.nd4j.linalg.dataset.api.preprocessor.MultiNormalizerMinMaxScaler;
import org.nd4j.linalg.dataset.api.preprocessor.MultiNormalizerStandardize;
import org.nd4j.linalg.dataset.api.preprocessor.Normalizer;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerMinMaxScaler;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;
import org.nd4j.linalg.dataset.api.preprocessor.VGG16ImagePreProcessor;
import org.nd4j.linalg.dataset.api.preprocessor.serializer.NormalizerSerializer;
import org.nd4j.linalg.dataset.api.preprocessor.serializer.NormalizerSerializerStrategy;
import org.nd4j.linalg.dataset.api.preprocessor.serializer.NormalizerType;
import org.nd4j.linalg.factory.Nd4j;

/** Normalizers come from files: of the types that ND4J writes, and no larger than their bytes. */
class NormalizerBytesTest {

  static List<Normalizer<?>> normalizers() {
    DataSet one = new DataSet(Nd4j.rand(9, 3), Nd4j.rand(9, 2));
    MultiDataSet several =
        new MultiDataSet(
            new INDArray[] {Nd4j.rand(9, 3), Nd4j.rand(9, 5)}, new INDArray[] {Nd4j.rand(9, 2)});
    NormalizerStandardize standardize = new NormalizerStandardize();
    standardize.fit(one);
    NormalizerStandardize labels = new NormalizerStandardize();
    labels.fitLabel(true);
    labels.fit(one);
    NormalizerMinMaxScaler minMax = new NormalizerMinMaxScaler(-1, 1);
    minMax.fitLabel(true);
    minMax.fit(one);
    MultiNormalizerStandardize multi = new MultiNormalizerStandardize();
    multi.fitLabel(true);
    multi.fit(several);
    MultiNormalizerMinMaxScaler multiMinMax = new MultiNormalizerMinMaxScaler();
    multiMinMax.fit(several);
    MultiNormalizerHybrid hybrid =
        new MultiNormalizerHybrid().standardizeAllInputs().minMaxScaleInput(1, -2, 2);
    hybrid.minMaxScaleAllOutputs();
    hybrid.fit(several);
    return List.of(
        standardize,
        labels,
        minMax,
        multi,
        multiMinMax,
        hybrid,
        new ImagePreProcessingScaler(0, 1));
  }

  @ParameterizedTest
  @MethodSource("normalizers")
  void everyTypeComesBack(Normalizer<?> normalizer) throws IOException {
    byte[] bytes = NormalizerBytes.of(normalizer);
    Normalizer<?> read = NormalizerBytes.read(bytes);

    assertEquals(normalizer.getClass(), read.getClass());
    assertTrue(Arrays.equals(bytes, NormalizerBytes.of(read)));
  }

  @ParameterizedTest
  @MethodSource("normalizers")
  void whatIsCutOrHasMoreIsRefused(Normalizer<?> normalizer) throws IOException {
    byte[] bytes = NormalizerBytes.of(normalizer);
    for (int length = 0; length < bytes.length; length += 7) {
      assertRefused(Arrays.copyOf(bytes, length), "'normalizer.bin' is not a normalizer");
    }
    assertRefused(Arrays.copyOf(bytes, bytes.length + 1), "more follows");
  }

  private static void assertRefused(byte[] bytes, String reason) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> NormalizerBytes.read(bytes));
    assertTrue(e.getMessage().contains(reason), e.getMessage());
  }

  /** Notices being made. */
  public static final class Strategy
      implements NormalizerSerializerStrategy<NormalizerStandardize> {
    private static boolean made;

    /** As the serializer does by the name in the file. */
    public Strategy() {
      made = true;
    }

    @Override
    public void write(NormalizerStandardize normalizer, OutputStream out) {}

    @Override
    public NormalizerStandardize restore(InputStream in) {
      return new NormalizerStandardize();
    }

    @Override
    public NormalizerType getSupportedType() {
      return NormalizerType.CUSTOM;
    }
  }

  @Test
  void noClassIsLoadedByItsNameInTheFile() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeUTF("NORMALIZER");
    out.writeInt(1);
    out.writeUTF("CUSTOM");
    out.writeUTF(Strategy.class.getName());

    assertRefused(bytes.toByteArray(), "its type CUSTOM is not one");
    assertFalse(Strategy.made);
    NormalizerSerializer.getDefault().restore(new ByteArrayInputStream(bytes.toByteArray()));
    assertTrue(Strategy.made, "ND4J itself makes it, so the file is one that it reads");
  }

  @Test
  void anArrayIsNoLongerThanTheFile() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeUTF("NORMALIZER");
    out.writeInt(1);
    out.writeUTF("STANDARDIZE");
    out.writeBoolean(false);
    out.writeUTF("MIXED_DATA_TYPES");
    out.writeLong(6);
    out.writeUTF("LONG");
    for (long value : new long[] {1, 1L << 40, 1, 8192, 1, 'c'}) {
      out.writeLong(value);
    }
    out.writeUTF("MIXED_DATA_TYPES");
    out.writeLong(1L << 40);
    out.writeUTF("FLOAT");

    assertRefused(bytes.toByteArray(), "1099511627776 values");
  }

  @Test
  void whatNd4jCannotWriteIsRefusedByName() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> NormalizerBytes.of(new VGG16ImagePreProcessor()));
    assertTrue(e.getMessage().contains("VGG16ImagePreProcessor cannot be saved"), e.getMessage());
  }
}
