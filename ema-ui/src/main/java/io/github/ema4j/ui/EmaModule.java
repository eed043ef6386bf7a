// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.ui;

import io.netty.handler.codec.http.HttpResponseStatus;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.core.storage.StatsStorage;
import org.deeplearning4j.core.storage.StatsStorageEvent;
import org.deeplearning4j.ui.VertxUIServer;
import org.deeplearning4j.ui.api.HttpMethod;
import org.deeplearning4j.ui.api.Route;
import org.deeplearning4j.ui.api.UIModule;
import org.deeplearning4j.ui.i18n.I18NResource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The page {@code /ema} of Deeplearning4j's training UI. The UI finds it by {@code ServiceLoader};
 * there is nothing to call.
 *
 * <p>Beside the page it answers, in JSON, {@code /ema/sessions} and {@code
 * /ema/updates?session=ID&after=MILLISECONDS}.
 */
public final class EmaModule implements UIModule {

  private static final Logger log = LoggerFactory.getLogger(EmaModule.class);

  /** Those of Deeplearning4j's UI. */
  private static final List<String> LANGUAGES = List.of("de", "en", "ja", "ko", "ru", "zh");

  private final Sessions sessions = new Sessions();

  /** For the UI, which makes several. */
  public EmaModule() {}

  @Override
  public List<String> getCallbackTypeIDs() {
    return List.of(EmaRecord.TYPE_ID);
  }

  @Override
  public List<Route> getRoutes() {
    return List.of(
        new Route("/ema", HttpMethod.GET, (path, context) -> page(context)),
        new Route(
            "/ema/sessions",
            HttpMethod.GET,
            (path, context) -> answer(context, () -> json(context, sessions.list()))),
        new Route(
            "/ema/updates",
            HttpMethod.GET,
            (path, context) -> answer(context, () -> updates(context))));
  }

  private static void page(RoutingContext context) {
    try (InputStream page = EmaModule.class.getResourceAsStream("ema.html")) {
      context
          .response()
          .putHeader("content-type", "text/html; charset=utf-8")
          .putHeader("x-content-type-options", "nosniff")
          .putHeader(
              "content-security-policy", "default-src 'self'; style-src 'self' 'unsafe-inline'")
          .end(Buffer.buffer(page.readAllBytes()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void updates(RoutingContext context) {
    String session = context.request().getParam("session");
    String after = context.request().getParam("after");
    if (session == null || after == null || !after.matches("-?\\d{1,18}")) {
      error(
          context,
          HttpResponseStatus.BAD_REQUEST,
          "Expected /ema/updates?session=ID&after=MILLISECONDS, -1 for all updates");
    } else if (sessions.storage(session).isEmpty()) {
      error(
          context,
          HttpResponseStatus.NOT_FOUND,
          "No attached storage has averaged weights of a session " + session);
    } else {
      json(context, sessions.updates(session, Long.parseLong(after)));
    }
  }

  /** A storage that is closed meanwhile may throw errors too. */
  private static void answer(RoutingContext context, Runnable answer) {
    try {
      answer.run();
    } catch (RuntimeException | LinkageError e) {
      log.warn("{} cannot be answered", context.request().path(), e);
      error(context, HttpResponseStatus.INTERNAL_SERVER_ERROR, e.getMessage());
    }
  }

  private static void error(RoutingContext context, HttpResponseStatus status, String message) {
    context.response().setStatusCode(status.code());
    json(context, Map.of("error", String.valueOf(message)));
  }

  private static void json(RoutingContext context, Object value) {
    HttpServerResponse response = context.response();
    response
        .putHeader("content-type", "application/json; charset=utf-8")
        .putHeader("x-content-type-options", "nosniff")
        .putHeader("cache-control", "no-store")
        .end(Buffer.buffer(Json.bytes(value)));
  }

  /** Nothing to do: storages are asked when the page asks. */
  @Override
  public void reportStorageEvents(Collection<StatsStorageEvent> events) {}

  @Override
  public void onAttach(StatsStorage storage) {
    sessions.attach(storage);
    log.info("Averaged weights are shown at {}/ema", VertxUIServer.getInstance().getAddress());
  }

  @Override
  public void onDetach(StatsStorage storage) {
    sessions.detach(storage);
  }

  /**
   * A link to this page in the navigation of the training pages. The UI has no place for one, so
   * this is a text of that navigation with the link in it; it is there only if the UI reads this
   * module's texts after its own, which depends on the order of the class path.
   */
  @Override
  public List<I18NResource> getInternationalizationResources() {
    return LANGUAGES.stream()
        .map(language -> new I18NResource("dl4j_i18n/ema4j." + language))
        .toList();
  }
}
