// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import io.github.ema4j.dl4j.ModelEmaListener;
import io.github.ema4j.dl4j.evaluation.EmaEvaluator;
import io.github.ema4j.dl4j.evaluation.EmaHistory;
import io.github.ema4j.testing.LogCapture;
import io.github.ema4j.testing.dl4j.Batches;
import io.github.ema4j.testing.dl4j.Data;
import io.github.ema4j.testing.dl4j.Nets;
import java.io.File;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.deeplearning4j.core.storage.StatsStorage;
import org.deeplearning4j.core.storage.impl.RemoteUIStatsStorageRouter;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.ui.api.UIServer;
import org.deeplearning4j.ui.i18n.I18NResource;
import org.deeplearning4j.ui.model.stats.StatsListener;
import org.deeplearning4j.ui.model.storage.FileStatsStorage;
import org.deeplearning4j.ui.model.storage.InMemoryStatsStorage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.common.io.ClassPathResource;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/** The real UI server, asked over HTTP. */
class EmaModuleTest {

  private final HttpClient client = HttpClient.newHttpClient();

  /** On a port that is free: the property org.deeplearning4j.ui.port is 0. */
  private UIServer server;

  @BeforeEach
  void start() {
    server = UIServer.getInstance();
  }

  @AfterEach
  void stop() throws Exception {
    UIServer.stopInstance();
  }

  private HttpResponse<String> get(String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create(server.getAddress() + path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private JsonNode json(String path) throws Exception {
    HttpResponse<String> response = get(path);
    assertEquals(
        "application/json; charset=utf-8",
        response.headers().firstValue("content-type").orElseThrow());
    return new ObjectMapper().readTree(response.body());
  }

  private static void waitUntil(Callable<Boolean> condition) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.call()) {
      assertTrue(System.nanoTime() < deadline, "waited for 20 s");
      Thread.sleep(50);
    }
  }

  private static String updates(String session, long after) {
    return "/ema/updates?session="
        + URLEncoder.encode(session, StandardCharsets.UTF_8)
        + "&after="
        + after;
  }

  /** 20 iterations and 2 evaluations, which are 4 updates. */
  private static EmaUiListener train(StatsStorage storage) {
    ModelEmaListener ema = new ModelEmaListener(0.9);
    EmaHistory history = new EmaEvaluator(ema, Batches.of(Data.points(2, 60), 60)).everyEpochs(1);
    EmaUiListener ui = new EmaUiListener(storage, ema, history);
    MultiLayerNetwork net = Nets.mlp();
    net.setListeners(ema, history, ui);
    net.fit(Batches.of(Data.points(1, 160, 0.4), 16), 2);
    return ui;
  }

  @Test
  void pageAndAllThatItNamesAreServed() throws Exception {
    HttpResponse<String> page = get("/ema");
    assertEquals(200, page.statusCode());
    assertEquals(
        "text/html; charset=utf-8", page.headers().firstValue("content-type").orElseThrow());
    Matcher asset = Pattern.compile("(?:href|src)=\"(/[^\"]+)\"").matcher(page.body());
    List<String> found = new ArrayList<>();
    while (asset.find()) {
      found.add(asset.group(1));
      assertEquals(200, get(asset.group(1)).statusCode(), asset.group(1));
    }
    assertTrue(
        found.containsAll(
            List.of(
                "/assets/js/ema4j/ema.js",
                "/train/overview",
                "/train/model",
                "/train/system",
                "/ema")),
        found::toString);
  }

  /** A storage in a file makes what it is asked for, so it must not be asked for any name. */
  @Test
  void aStorageIsNotAskedForASessionThatItHasNot() throws Exception {
    List<String> asked = new CopyOnWriteArrayList<>();
    StatsStorage storage =
        (StatsStorage)
            Proxy.newProxyInstance(
                StatsStorage.class.getClassLoader(),
                new Class<?>[] {StatsStorage.class},
                (proxy, method, arguments) -> {
                  if (arguments != null && arguments.length > 0 && arguments[0] instanceof String) {
                    asked.add(method.getName());
                  }
                  return switch (method.getName()) {
                    case "listSessionIDs" -> List.of("a-session-of-another-module");
                    case "isClosed", "sessionExists", "equals" -> false;
                    case "hashCode" -> 1;
                    case "listTypeIDsForSession" -> List.of();
                    default -> null;
                  };
                });
    Sessions sessions = new Sessions();
    sessions.attach(storage);

    assertTrue(sessions.storage("../../etc/passwd").isEmpty());

    assertEquals(List.of(), asked);
  }

  @Test
  void answersAreNotToBeTakenForAnotherKind() throws Exception {
    for (String path : List.of("/ema", "/ema/sessions", updates("none", -1))) {
      assertEquals(
          "nosniff", get(path).headers().firstValue("x-content-type-options").orElseThrow(), path);
    }
  }

  @Test
  void attachingSaysWhereThePageIs() {
    try (LogCapture log = new LogCapture(EmaModule.class)) {
      server.attach(new InMemoryStatsStorage());
      assertEquals(
          List.of("Averaged weights are shown at " + server.getAddress() + "/ema"),
          log.messages(Level.INFO));
    }
  }

  @Test
  void liveSessionIsAnswered(@TempDir Path directory) throws Exception {
    StatsStorage storage = new InMemoryStatsStorage();
    server.attach(storage);
    assertEquals(0, json("/ema/sessions").size());

    String session = train(storage).sessionId();

    JsonNode sessions = json("/ema/sessions");
    assertEquals(session, sessions.path(0).path("id").asText());
    assertEquals(1, sessions.size());
    JsonNode run = sessions.path(0).path("runs").elements().next();
    assertEquals("MultiLayerNetwork", run.path("network").asText());
    assertEquals("constant(decay=0.9)", run.path("averages").path(0).asText());

    JsonNode updates = json(updates(session, -1));
    assertEquals(4, updates.size());
    for (int i = 1; i < 4; i++) {
      assertTrue(time(updates, i - 1) < time(updates, i));
    }
    JsonNode last = updates.path(3).path("state");
    assertEquals(20, last.path("iteration").asInt());
    assertEquals(2, last.path("epoch").asInt());
    assertEquals(0.9, last.path("decay").asDouble());
    assertTrue(last.path("raw").path("accuracy").isDouble());
    assertTrue(last.path("averaged").path("accuracy").isDouble());
    assertEquals(2, last.path("distanceByLayer").size());

    assertEquals(2, json(updates(session, time(updates, 1))).size());
    assertEquals(0, json(updates(session, time(updates, 3))).size());

    StatsStorage closed = new FileStatsStorage(directory.resolve("closed.dl4j").toFile());
    server.attach(closed);
    closed.close();
    assertEquals(sessions, json("/ema/sessions"));

    server.detach(storage);
    assertEquals(0, json("/ema/sessions").size());
    assertEquals(404, get(updates(session, -1)).statusCode());
  }

  private static long time(JsonNode updates, int index) {
    return updates.path(index).path("timestamp").asLong();
  }

  @Test
  void sessionsOfFilesAreAnsweredAgainByAnotherServer(@TempDir Path directory) throws Exception {
    File file = directory.resolve("runs.dl4j").toFile();
    StatsStorage written = new FileStatsStorage(file);
    server.attach(written);
    String first = train(written).sessionId();
    String second = train(written).sessionId();
    JsonNode sessions = json("/ema/sessions");
    JsonNode updates = json(updates(first, -1));
    written.close();
    UIServer.stopInstance();

    server = UIServer.getInstance();
    StatsStorage read = new FileStatsStorage(file);
    server.attach(read);
    assertEquals(second, sessions.path(0).path("id").asText());
    assertEquals(2, sessions.size());
    assertEquals(sessions, json("/ema/sessions"));
    assertEquals(4, updates.size());
    assertEquals(updates, json(updates(first, -1)));
    read.close();
  }

  @Test
  void remoteTrainingIsAnswered() throws Exception {
    server.enableRemoteListener();
    RemoteUIStatsStorageRouter router = new RemoteUIStatsStorageRouter(server.getAddress());
    ModelEmaListener ema = new ModelEmaListener(0.9);
    MultiLayerNetwork net = Nets.mlp();
    EmaUiListener ui = new EmaUiListener(router, ema);
    net.setListeners(ema, ui);
    net.fit(Batches.of(Data.points(1, 160, 0.4), 16), 2);

    waitUntil(
        () ->
            get(updates(ui.sessionId(), -1)).statusCode() == 200
                && json(updates(ui.sessionId(), -1)).size() == 2);
    router.shutdown();
  }

  @Test
  void recordsOfLaterVersionsHideNoOtherSession() throws Exception {
    StatsStorage storage =
        new InMemoryStatsStorage() {
          @Override
          public List<org.deeplearning4j.core.storage.Persistable> getAllStaticInfos(
              String session, String type) {
            if (session.equals("later")) {
              throw new IllegalArgumentException("format 2");
            }
            return super.getAllStaticInfos(session, type);
          }
        };
    server.attach(storage);
    String session = train(storage).sessionId();
    storage.putStaticInfo(
        EmaRecord.of(
            "later", "w", 1, new TrainingRun("MultiLayerNetwork", 1, List.of("a"), List.of())));

    JsonNode sessions = json("/ema/sessions");
    assertEquals(2, sessions.size());
    assertEquals(session, sessions.path(0).path("id").asText());
    assertEquals("", sessions.path(0).path("error").asText());
    assertEquals("format 2", sessions.path(1).path("error").asText());
  }

  @Test
  void badRequestsAreExplained() throws Exception {
    for (String path :
        List.of("/ema/updates", "/ema/updates?session=a", "/ema/updates?session=a&after=x")) {
      assertEquals(400, get(path).statusCode());
      assertTrue(json(path).path("error").asText().contains("session=ID&after="), path);
    }
    assertEquals(404, get(updates("a&b", 0)).statusCode());
    assertTrue(json(updates("a&b", 0)).path("error").asText().endsWith("session a&b"));
  }

  @Test
  void trainingPagesShowTheSameSession() throws Exception {
    StatsStorage storage = new InMemoryStatsStorage();
    server.attach(storage);
    ModelEmaListener ema = new ModelEmaListener(0.9);
    StatsListener stats = new StatsListener(storage, 1);
    MultiLayerNetwork net = Nets.mlp();
    net.setListeners(ema, stats, EmaUiListener.builder(stats).average(ema).build());
    net.fit(Batches.of(Data.points(1, 160, 0.4), 16), 1);

    assertEquals(stats.getSessionID(), json("/ema/sessions").path(0).path("id").asText());
    waitUntil(() -> get("/train/sessions/info").body().contains(stats.getSessionID()));
    assertTrue(get("/train/overview/data").body().contains("MultiLayerNetwork"));
  }

  /** The link in their navigation stands in a text of Deeplearning4j's, which must be as it was. */
  @Test
  void textsOfTheNavigationAreDeeplearning4js() throws Exception {
    List<I18NResource> resources = new EmaModule().getInternationalizationResources();
    assertEquals(6, resources.size());
    for (I18NResource resource : resources) {
      String language = resource.getResource().replaceFirst(".*\\.", "");
      String theirs =
          text(new I18NResource("dl4j_i18n/train." + language))
              .lines()
              .filter(line -> line.startsWith("train.nav.system="))
              .findFirst()
              .orElseThrow();
      assertTrue(text(resource).startsWith(theirs + "</a></li><li"), language);
      assertTrue(text(resource).endsWith("EMA\n"), language);
    }
    assertTrue(
        new String(
                new ClassPathResource("templates/TrainingOverview.html.ftl")
                    .getInputStream()
                    .readAllBytes(),
                StandardCharsets.UTF_8)
            .contains("${train\\.nav\\.system}</a></li>"));
  }

  private static String text(I18NResource resource) throws Exception {
    return new String(resource.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }
}
