// SPDX-License-Identifier: Apache-2.0
package io.github.ema4j.examples.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.ema4j.ui.EmaRecord;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import org.deeplearning4j.core.storage.StatsStorage;
import org.deeplearning4j.ui.api.UIServer;
import org.deeplearning4j.ui.model.storage.InMemoryStatsStorage;
import org.junit.jupiter.api.Test;

class UiExampleTest {

  @Test
  void postsThreeAveragesAndTheirEvaluations() {
    StatsStorage storage = new InMemoryStatsStorage();
    String session = UiExample.train(storage, 1, 0);
    // 40 iterations: posted at every tenth, evaluated at every twentieth.
    assertEquals(3 * (4 + 2), storage.getAllUpdatesAfter(session, EmaRecord.TYPE_ID, -1).size());
  }

  @Test
  void deeplearning4jsPagesLinkToThePage() throws Exception {
    UIServer server = UIServer.getInstance(); // on any free port, see pom.xml
    try {
      for (String page : List.of("overview", "model", "system")) {
        String html =
            HttpClient.newHttpClient()
                .send(
                    HttpRequest.newBuilder(URI.create(server.getAddress() + "/train/" + page))
                        .build(),
                    HttpResponse.BodyHandlers.ofString())
                .body();
        assertTrue(html.contains("<a class=\"nav-link\" href=\"/ema\">"), page);
      }
    } finally {
      UIServer.stopInstance();
    }
  }
}
