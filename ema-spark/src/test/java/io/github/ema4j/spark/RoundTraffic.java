// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.CollectionAccumulator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.api.TrainingHook;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.api.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * What a round sends over the network of the driver's host, and how long it takes, with 1,011,003
 * parameters. Linux only, and for a host on which nothing else is sent. Driven by {@code
 * .ci/hosts}.
 *
 * <p>Arguments: master, workers, partitions of the data, rounds, the milliseconds that a worker
 * rests after each minibatch, in place of work, and {@code adam} or {@code sgd}, which has no
 * state. Data of one partition is on one host. Prints a line for each round after the first two,
 * then the medians, in copies of weights and updater state, and a checksum of weights and average.
 */
final class RoundTraffic {

  private static final int WIDTH = 1000;
  private static final int K = 2;
  private static final int WARM_UP = 2;

  private record Bytes(long sent, long received) {

    static Bytes now() {
      long sent = 0;
      long received = 0;
      try (Stream<Path> devices = Files.list(Path.of("/sys/class/net"))) {
        for (Path device : devices.filter(path -> !path.endsWith("lo")).toList()) {
          sent += count(device, "tx_bytes");
          received += count(device, "rx_bytes");
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return new Bytes(sent, received);
    }

    private static long count(Path device, String what) throws IOException {
      return Long.parseLong(Files.readString(device.resolve("statistics").resolve(what)).strip());
    }
  }

  private record Measured(double seconds, double sent, double received, int hosts) {}

  private final List<Measured> rounds = new ArrayList<>();
  private Bytes before = Bytes.now();
  private long since = System.nanoTime();

  public static void main(String[] args) throws Exception {
    new RoundTraffic()
        .run(
            args[0],
            Integer.parseInt(args[1]),
            Integer.parseInt(args[2]),
            Integer.parseInt(args[3]),
            Integer.parseInt(args[4]),
            args[5].equals("adam") ? new Adam(0.001) : new Sgd(0.001));
  }

  private void run(
      String master, int workers, int partitions, int count, int pause, IUpdater updater)
      throws Exception {
    MultiLayerNetwork network = network(updater);
    double copy = 4.0 * (network.numParams() + updater.stateSize(network.numParams()));
    SparkConf conf = new SparkConf().setMaster(master).setAppName("RoundTraffic");
    try (JavaSparkContext sc = new JavaSparkContext(conf)) {
      CollectionAccumulator<String> hosts = sc.sc().collectionAccumulator("hosts");
      WatchedMaster watched =
          new WatchedMaster(
              EmaTrainingMaster.builder(
                      new ParameterAveragingTrainingMaster.Builder(workers, 4)
                          .batchSizePerWorker(4)
                          .averagingFrequency(K)
                          .saveUpdater(true)
                          .rngSeed(17)
                          .rddTrainingApproach(RDDTrainingApproach.Direct)
                          .trainingHooks(new Rest(pause, hosts)))
                  .decay(0.95),
              round -> roundDone(round, copy, hosts));
      int minibatches = workers * K * (WARM_UP + count);
      EmaSparkTraining.of(sc, network, watched)
          .fit(sc.parallelize(Minibatches.of(minibatches, 4), partitions), 1);
      System.out.printf(
          "%d parameters, %s, %d workers, spark.locality.wait=%s, medians of %d rounds: %.2f s; sent %.2f C, received %.2f C, C = %.2f MB%n",
          network.numParams(),
          updater.getClass().getSimpleName(),
          workers,
          sc.getConf().get("spark.locality.wait", "3s"),
          rounds.size(),
          median(rounds.stream().mapToDouble(Measured::seconds).toArray()),
          median(rounds.stream().mapToDouble(Measured::sent).toArray()),
          median(rounds.stream().mapToDouble(Measured::received).toArray()),
          copy / 1e6);
      System.out.printf(
          "means: sent %.2f C, received %.2f C; rounds on as many hosts as workers: %d of %d%n",
          rounds.stream().mapToDouble(Measured::sent).average().orElseThrow(),
          rounds.stream().mapToDouble(Measured::received).average().orElseThrow(),
          rounds.stream().filter(round -> round.hosts() == workers).count(),
          rounds.size());
      Round last = watched.watched().get(watched.watched().size() - 1);
      System.out.printf("checksum %08x%n", checksum(last.params(), last.average()));
    }
  }

  private void roundDone(long round, double copy, CollectionAccumulator<String> hosts) {
    Bytes now = Bytes.now();
    double seconds = (System.nanoTime() - since) / 1e9;
    Measured measured =
        new Measured(
            seconds,
            (now.sent() - before.sent()) / copy,
            (now.received() - before.received()) / copy,
            new TreeSet<>(hosts.value()).size());
    if (round > WARM_UP) {
      rounds.add(measured);
      System.out.printf(
          "round %d: %.2f s, sent %.2f C, received %.2f C, hosts %s%n",
          round, seconds, measured.sent(), measured.received(), new TreeSet<>(hosts.value()));
    }
    hosts.reset();
    before = Bytes.now();
    since = System.nanoTime();
  }

  private static double median(double[] values) {
    Arrays.sort(values);
    return values[values.length / 2];
  }

  private static long checksum(float[]... arrays) {
    CRC32 crc = new CRC32();
    for (float[] array : arrays) {
      ByteBuffer bytes = ByteBuffer.allocate(4 * array.length);
      bytes.asFloatBuffer().put(array);
      crc.update(bytes);
    }
    return crc.getValue();
  }

  private static MultiLayerNetwork network(IUpdater updater) {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(7)
                .updater(updater)
                .activation(Activation.TANH)
                .list()
                .layer(new DenseLayer.Builder().nIn(Minibatches.FEATURES).nOut(WIDTH).build())
                .layer(new DenseLayer.Builder().nIn(WIDTH).nOut(WIDTH).build())
                .layer(
                    new OutputLayer.Builder(LossFunction.MCXENT)
                        .nIn(WIDTH)
                        .nOut(Minibatches.CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
    network.init();
    return network;
  }

  /** Says on which host a worker is, and rests. */
  private static final class Rest implements TrainingHook {

    private final int pause;
    private final CollectionAccumulator<String> hosts;

    Rest(int pause, CollectionAccumulator<String> hosts) {
      this.pause = pause;
      this.hosts = hosts;
    }

    @Override
    public void postUpdate(DataSet minibatch, Model model) {
      try {
        hosts.add(InetAddress.getLocalHost().getHostName());
        Thread.sleep(pause);
      } catch (UnknownHostException | InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void postUpdate(MultiDataSet minibatch, Model model) {}

    @Override
    public void preUpdate(DataSet minibatch, Model model) {}

    @Override
    public void preUpdate(MultiDataSet minibatch, Model model) {}
  }
}
