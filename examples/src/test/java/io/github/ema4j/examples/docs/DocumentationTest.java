// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.core.schedule.DecaySchedule;
import io.github.ema4j.examples.DecayChart;
import io.github.ema4j.testing.MarkdownSnippets;
import io.github.ema4j.train.images.FashionMnist;
import io.github.ema4j.train.images.ImageIterator;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** What the README and the documentation say and show is so. */
class DocumentationTest {

  private static final Path TOP = Path.of("..");
  private static final Path README = TOP.resolve("README.md");
  private static final Path INDEX = TOP.resolve("docs/README.md");

  /** Pages whose code needs modules that the examples do not depend on; it is checked there. */
  private static final Set<String> CHECKED_ELSEWHERE =
      Set.of("gradient-sharing.md", "onednn.md", "spark.md", "ui.md");

  @TempDir Path directory;

  private static List<Path> documentation() throws IOException {
    try (Stream<Path> files = Files.list(TOP.resolve("docs"))) {
      return files.filter(file -> file.toString().endsWith(".md")).sorted().toList();
    }
  }

  static Stream<Path> pagesWithCode() throws IOException {
    List<Path> pages = new ArrayList<>(List.of(README));
    for (Path page : documentation()) {
      if (!CHECKED_ELSEWHERE.contains(page.getFileName().toString())
          && !MarkdownSnippets.of(page).blocks().isEmpty()) {
        pages.add(page);
      }
    }
    return pages.stream();
  }

  @ParameterizedTest
  @MethodSource("pagesWithCode")
  void javaBlocksCompileAndRun(Path page) throws Exception {
    MarkdownSnippets snippets = MarkdownSnippets.of(page);
    assertFalse(snippets.blocks().isEmpty(), page + " shows code");
    List<MarkdownSnippets.Block> blocks =
        snippets.compile(
            directory,
            "org.deeplearning4j.nn.multilayer.MultiLayerNetwork net,"
                + " org.nd4j.linalg.dataset.api.iterator.DataSetIterator trainingData,"
                + " org.nd4j.linalg.dataset.api.iterator.DataSetIterator validationData,"
                + " int epochs, java.nio.file.Path directory");
    for (int i = 0; i < blocks.size(); i++) {
      blocks
          .get(i)
          .run(
              classifier(),
              ImageIterator.shuffled(FashionMnist.training(), 500, 1),
              ImageIterator.inOrder(FashionMnist.test(), 500),
              2,
              Files.createDirectory(directory.resolve("block" + i)));
    }
    Files.deleteIfExists(Path.of("averaged.zip"));
  }

  private static MultiLayerNetwork classifier() {
    MultiLayerNetwork net =
        new MultiLayerNetwork(
            new NeuralNetConfiguration.Builder()
                .seed(1)
                .list()
                .layer(
                    new DenseLayer.Builder().nIn(784).nOut(16).activation(Activation.TANH).build())
                .layer(
                    new OutputLayer.Builder(LossFunction.MCXENT)
                        .nIn(16)
                        .nOut(10)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
    net.init();
    return net;
  }

  @Test
  void decayTableHoldsWhatTheSchedulesCompute() throws Exception {
    Matcher row =
        Pattern.compile(
                "(?m)^\\| (0\\.\\d+) \\| ([\\d,]+) \\| ([\\d,]+) \\| ([\\d.]+) % \\| ([\\d.]+) %"
                    + " \\| ([\\d,]+) \\|$")
            .matcher(Files.readString(TOP.resolve("docs/decay.md")));
    int rows = 0;
    while (row.find()) {
      rows++;
      double decay = Double.parseDouble(row.group(1));
      DecaySchedule schedule = DecaySchedule.constant(decay);
      String[] expected = {
        "%,d".formatted(Math.round(1 / (1 - decay))),
        "%,d".formatted(Math.round(Math.log(0.5) / Math.log(decay))),
        percent(schedule.decayOver(1, 1_000)),
        percent(schedule.decayOver(1, 10_000)),
        "%,d".formatted(Math.round(Math.log(0.01) / Math.log(decay)))
      };
      String[] shown = {row.group(2), row.group(3), row.group(4), row.group(5), row.group(6)};
      assertEquals(Arrays.asList(expected), Arrays.asList(shown), "decay " + decay);
    }
    assertTrue(rows >= 6, "docs/decay.md has the table of decays");
  }

  /** A schedule that is missing from the table, the texts or the chart would be found by nobody. */
  @Test
  void tableAndChartHoldEverySchedule() throws Exception {
    Set<String> factories = new TreeSet<>();
    for (Method method : DecaySchedule.class.getDeclaredMethods()) {
      if (Modifier.isStatic(method.getModifiers()) && !method.getName().equals("parse")) {
        factories.add(method.getName());
      }
    }
    Matcher row =
        Pattern.compile("(?m)^\\| `(\\w+)\\([^`]*\\)` \\| `(([a-z-]+)\\(.*?)` \\|")
            .matcher(Files.readString(TOP.resolve("docs/decay.md")));
    Set<String> inTable = new TreeSet<>();
    Set<String> texts = new TreeSet<>();
    while (row.find()) {
      inTable.add(row.group(1));
      texts.add(row.group(3));
      String full = row.group(2).replaceAll("[\\[\\]]", "");
      String brief = row.group(2).replaceAll("\\[[^\\]]*\\]", "");
      double decay = DecaySchedule.parse(full).decayAt(1_000);
      assertEquals(decay, DecaySchedule.parse(brief).decayAt(1_000), 1e-3, brief);
    }
    assertEquals(factories, inTable);

    Set<String> inChart = new TreeSet<>();
    for (String text : DecayChart.TEXTS) {
      DecaySchedule.parse(text);
      inChart.add(text.substring(0, text.indexOf('(')));
    }
    assertEquals(texts, inChart);
    String known =
        assertThrows(IllegalArgumentException.class, () -> DecaySchedule.parse("none()"))
            .getMessage();
    assertEquals(
        texts, new TreeSet<>(Arrays.asList(known.substring(known.indexOf(": ") + 2).split(", "))));
  }

  @Test
  void linksLeadSomewhere() throws Exception {
    List<Path> pages = new ArrayList<>(documentation());
    for (String other :
        List.of(
            "README.md",
            "CONTRIBUTING.md",
            "CHANGELOG.md",
            "benchmarks/README.md",
            "examples/README.md",
            "examples/notebooks/README.md")) {
      pages.add(TOP.resolve(other));
    }
    for (Path file : pages) {
      MarkdownPage page = MarkdownPage.read(file);
      for (String link : page.localLinks()) {
        assertTrue(page.leadsSomewhere(link), file + " links to " + link);
      }
    }
  }

  @Test
  void indexListsEveryPage() throws Exception {
    List<String> links = MarkdownPage.read(INDEX).localLinks();
    for (Path page : documentation()) {
      String name = page.getFileName().toString();
      assertTrue(page.equals(INDEX) || links.contains(name), "docs/README.md lacks " + name);
    }
  }

  /** Who looks a method up finds how to cite it: each paper that a library names is there. */
  @Test
  void papersBehindTheMethodsCanBeCited() throws Exception {
    Set<String> named = new TreeSet<>();
    for (String library : List.of("ema-core", "ema-dl4j", "ema-spark")) {
      try (Stream<Path> files = Files.walk(TOP.resolve(library).resolve("src/main/java"))) {
        for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
          named.addAll(
              found("(?i)arxiv(?:\\.org/abs/|:| )\\s*(\\d{4}\\.\\d{5})", Files.readString(file)));
        }
      }
    }
    assertTrue(named.size() >= 8, "papers: " + named);
    String page = Files.readString(TOP.resolve("docs/citations.md"));
    named.removeAll(found("eprint\\s+= \\{([^}]+)}", page));
    assertEquals(Set.of(), named, "docs/citations.md lacks");
    int entries = page.indexOf("```bibtex");
    assertEquals(
        new TreeSet<>(found("(?m)^@\\w+\\{(\\w+),$", page.substring(entries))),
        new TreeSet<>(found("(?m)\\| `(\\w+)` \\|$", page.substring(0, entries))));
  }

  /** The folders of all modules, and what else there is to be found. */
  @Test
  void mapOfTheRepositoryIsThatOfItsFolders() throws Exception {
    TreeSet<String> folders = new TreeSet<>(List.of("docs", ".ci"));
    modules().forEach(module -> folders.add(module.split("/")[0]));
    String contributing = Files.readString(TOP.resolve("CONTRIBUTING.md"));
    String map =
        contributing.substring(
            contributing.indexOf("## Where things are"),
            contributing.indexOf("## What the build checks"));
    assertEquals(folders, new TreeSet<>(found("(?m)^\\| `([^`]+)` \\|", map)));
  }

  @Test
  void architectureNamesAllModulesAndPackages() throws Exception {
    String page = Files.readString(TOP.resolve("docs/architecture.md"));
    int packages = page.indexOf("## Packages of");
    String row = "(?m)^\\| `([^`]+)` \\|";
    assertEquals(new TreeSet<>(modules()), new TreeSet<>(found(row, page.substring(0, packages))));
    Path sources = TOP.resolve("ema-dl4j/src/main/java/io/github/ema4j");
    try (Stream<Path> files = Files.walk(sources)) {
      assertEquals(
          files
              .filter(file -> file.endsWith("package-info.java"))
              .map(file -> sources.relativize(file.getParent()).toString())
              .map(directory -> directory.replace(File.separatorChar, '.'))
              .collect(Collectors.toCollection(TreeSet::new)),
          new TreeSet<>(found(row, page.substring(packages, page.indexOf("## Rules")))));
    }
  }

  @Test
  void bomNamesEveryModuleThatIsPublished() throws Exception {
    TreeSet<String> published = new TreeSet<>();
    for (String module : modules()) {
      String pom = Files.readString(TOP.resolve(module).resolve("pom.xml"));
      if (!pom.contains("<maven.deploy.skip>true<") && !pom.contains("<packaging>pom<")) {
        published.add(module);
      }
    }
    String bom = Files.readString(TOP.resolve("ema-bom/pom.xml"));
    String managed =
        bom.substring(
            bom.indexOf("<dependencyManagement>"), bom.indexOf("</dependencyManagement>"));
    assertEquals(published, new TreeSet<>(found("<artifactId>([^<]+)<", managed)));
  }

  private static List<String> modules() throws IOException {
    return found("<module>([^<]+)<", Files.readString(TOP.resolve("pom.xml")));
  }

  private static List<String> found(String pattern, String text) {
    return Pattern.compile(pattern).matcher(text).results().map(m -> m.group(1)).toList();
  }

  /** So that who looks for a message finds it, also after it has been reworded in the code. */
  @Test
  void troubleshootingQuotesMessagesAsTheyAre() throws Exception {
    String constants = constantsOfClasses("ema-core") + constantsOfClasses("ema-dl4j");
    String page = Files.readString(TOP.resolve("docs/troubleshooting.md"));
    String messages = page.substring(page.indexOf("## Messages"), page.indexOf("## Around EMA4J"));
    List<MatchResult> quoted =
        Pattern.compile("(?m)^\\| `([^`]+)` \\|").matcher(messages).results().toList();
    assertTrue(quoted.size() >= 15, "messages");
    for (MatchResult message : quoted) {
      for (String part : message.group(1).split("\\.\\.\\.")) {
        assertTrue(constants.contains(part.strip()), "no message has: " + part);
      }
    }
  }

  /** The bytes of all classes of a module as text: javac has put split literals together there. */
  private static String constantsOfClasses(String module) throws IOException {
    StringBuilder text = new StringBuilder();
    try (Stream<Path> files = Files.walk(TOP.resolve(module).resolve("target/classes"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
        text.append(Files.readString(file, StandardCharsets.ISO_8859_1));
      }
    }
    return text.toString();
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f", 100 * share);
  }
}
