// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.dl4j.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.ema4j.core.state.AverageInfo;
import io.github.ema4j.dl4j.Moment;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The format of EMA4J 0.1.0 can be read by all later versions: {@code format-1.zip} is a file that
 * 0.1.0 wrote, and must never be made anew.
 *
 * <p>It is of two epochs of two minibatches, with Adam and dropout, saved at the end of the second.
 */
@Tag("numbers")
class Format1Test {

  private static final double[] PARAMS = {
    0.9786515831947327,
    0.355462908744812,
    -0.3078191876411438,
    0.9017542004585266,
    -0.1752069741487503,
    0.16678819060325623,
    -0.6422379016876221,
    -0.5480020046234131,
    0.05928584560751915,
    0.10611923038959503,
    -0.38485461473464966,
    -0.05546802654862404,
    -0.01964045874774456,
    0.04172125458717346,
    0.17920039594173431,
    0.1747153401374817,
    0.29188087582588196,
    0.7796540856361389,
    -0.2549109160900116,
    0.10124203562736511,
    -1.4375698566436768,
    0.1749272644519806,
    -0.1749272644519806
  };
  private static final double[] SHADOW = {
    0.9450381370590453,
    0.30644218426340997,
    -0.27089889229999853,
    0.9366601155525696,
    -0.22133007886292458,
    0.1182389079949202,
    -0.5956024684683342,
    -0.5929622428914295,
    0.011189854582118408,
    0.05466225741002747,
    -0.3340238316597308,
    -0.09906351840574915,
    0.012070360040171566,
    0.04571062517261619,
    0.13255696849019638,
    0.12424335137581938,
    0.33813035631389426,
    0.8045517518749103,
    -0.2044389412721468,
    0.05499255133987971,
    -1.4624675012545403,
    0.13076870653209577,
    -0.13076870653209577
  };

  /** After one more minibatch. */
  private static final double[] NEXT_PARAMS = {
    1.0072721242904663,
    0.3907806873321533,
    -0.3332262635231018,
    0.8650760054588318,
    -0.13637124001979828,
    0.19937467575073242,
    -0.679718017578125,
    -0.5469675064086914,
    0.0981769859790802,
    0.13921166956424713,
    -0.4217906892299652,
    -0.05076252296566963,
    -0.05513142794370651,
    0.03391147404909134,
    0.18480141460895538,
    0.20540523529052734,
    0.2764993906021118,
    0.7727562189102173,
    -0.28560081124305725,
    0.11662350594997406,
    -1.4306719303131104,
    0.18091249465942383,
    -0.18091249465942383
  };

  private static final double[] NEXT_SHADOW = {
    0.9636504404504538,
    0.3316652798181835,
    -0.28953912401903653,
    0.9152514731958743,
    -0.1959214596393168,
    0.14250416228034057,
    -0.6207588852369501,
    -0.5792066082630187,
    0.03720507476539381,
    0.07994842949358408,
    -0.3602722443595841,
    -0.08461815147313022,
    -0.008027662311344226,
    0.042181855922214614,
    0.14818170225604918,
    0.14851641621451472,
    0.3196983984213741,
    0.7950426695815037,
    -0.228712001940674,
    0.0734245059122207,
    -1.4529584076034403,
    0.1457651970244988,
    -0.1457651970244988
  };

  @TempDir Path directory;

  private Path file;

  @BeforeEach
  void copy() throws IOException {
    file = directory.resolve("format-1.zip");
    try (InputStream in = Format1Test.class.getResourceAsStream("format-1.zip")) {
      Files.copy(in, file);
    }
  }

  private static double[] values(INDArray array) {
    return array.reshape(array.length()).dup().data().asDouble();
  }

  private static INDArray features() {
    return Nd4j.createFromArray(
        new float[][] {{0, 1, 2, 3}, {1, 0, -1, 2}, {3, 1, 0, 0}, {-1, -2, 0, 1}});
  }

  private static INDArray labels() {
    return Nd4j.createFromArray(new float[][] {{0, 1}, {1, 0}, {1, 0}, {0, 1}});
  }

  @Test
  void saysWhatItIs() throws IOException {
    CheckpointInfo info = EmaCheckpoint.verify(file);

    assertEquals(1, info.format());
    assertEquals("EMA4J 0.1.0", info.writer());
    assertEquals("MultiLayerNetwork", info.networkClass());
    assertEquals(4, info.iteration());
    assertEquals(2, info.epoch());
    assertEquals(Moment.EPOCH_END, info.savedAt());
    assertEquals(Optional.of(0.875), info.bestScore());
    assertEquals(Map.of("run", "größe"), info.metadata());
    assertEquals(new RandomState(42, -3302477112431744610L), info.random());
    AverageInfo average = info.average();
    assertEquals(23, average.length());
    assertEquals(DataType.FLOAT, average.paramsType());
    assertEquals(DataType.DOUBLE, average.shadowType());
    assertEquals(
        "inverse-power(decay=0.99, gamma=1.0, power=0.75, min=0.0, after=0)",
        average.settings().schedule());
    assertEquals(4, average.counters().steps());
    assertEquals(4, average.counters().updates());
    assertEquals(0, average.counters().skipped());
    assertEquals(0.6464466094067263, average.counters().decay());
    assertEquals(0, average.counters().initialShare());
  }

  @Test
  void holdsWhatWasSaved() throws IOException {
    RestoredCheckpoint<MultiLayerNetwork> run = EmaCheckpoint.restoreMultiLayerNetwork(file);

    assertArrayEquals(PARAMS, values(run.network().params()));
    assertArrayEquals(SHADOW, values(run.ema().shadow()));
    NormalizerStandardize normalizer = new NormalizerStandardize();
    normalizer.fit(new DataSet(features(), labels()));
    assertEquals(normalizer, run.normalizer().orElseThrow());
  }

  @Test
  void goesOn() throws IOException {
    RestoredCheckpoint<MultiLayerNetwork> run = EmaCheckpoint.restoreMultiLayerNetwork(file);
    run.network().setListeners(run.ema());

    run.network().fit(new DataSet(features(), labels()));

    // Other processors may round the arithmetic of the network otherwise.
    assertArrayEquals(NEXT_PARAMS, values(run.network().params()), 1e-5);
    assertArrayEquals(NEXT_SHADOW, values(run.ema().shadow()), 1e-5);
  }
}
