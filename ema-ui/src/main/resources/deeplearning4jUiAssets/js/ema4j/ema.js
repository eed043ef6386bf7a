// SPDX-License-Identifier: Apache-2.0
//
// Asks the UI server for sessions and their new updates, and draws them. All text goes into the page
// as text; Flot takes HTML, so that what it gets is escaped.
(function () {
  'use strict';

  var POLL_MS = 2000;
  // Asked for again, since an update may become readable after one with a later time.
  var OVERLAP_MS = 10000;
  var MAX_POINTS = 1000; // of one curve; longer ones are drawn with every 2nd, 3rd ... point
  var NAME_LENGTH = 60; // of a session, in the list of them
  var MOST_CHOSEN_LAYERS = 12; // more have no legend

  var wanted = new URLSearchParams(location.search).get('session');
  var sessions = [];
  var session = null; // the one shown
  var updates = [];
  var seen = {}; // which updates those are
  var multiSession = false;

  function escaped(text) {
    return $('<div>').text(text).html();
  }

  function shortened(name, length) {
    return name.length > length ? name.slice(0, length - 1) + '\u2026' : name;
  }

  function plural(count, noun) {
    return count.toLocaleString('en') + ' ' + noun + (count === 1 ? '' : 's');
  }

  // A number that is not finite comes as a string, and is a gap in a curve.
  function finite(value) {
    return typeof value === 'number' ? value : null;
  }

  function shown(value) {
    if (typeof value !== 'number') {
      return value === undefined ? '' : 'not finite'; // the texts NaN, Infinity and -Infinity
    }
    return Math.abs(value) >= 1e-3 || value === 0 ? String(+value.toPrecision(4)) : value.toExponential(2);
  }

  function percent(value) {
    return value < 1e-4 ? '< 0.01 %' : (100 * value).toFixed(value < 0.1 ? 2 : 1) + ' %';
  }

  function time(milliseconds) {
    return milliseconds
      ? new Date(milliseconds).toLocaleString('en-GB', {dateStyle: 'medium', timeStyle: 'medium'})
      : '';
  }

  // ---------------------------------------------------------------- colours

  // The style sheet has them.
  function color(name) {
    return getComputedStyle(document.documentElement).getPropertyValue('--ema-' + name).trim();
  }

  function rawInk() {
    return {color: color('raw'), width: 1.5};
  }

  // With more than four these come again, thin.
  function ink(index) {
    return {color: color('average-' + (index % 4 + 1)), width: index < 4 ? 2.5 : 1};
  }

  // ---------------------------------------------------------------- data

  // All of the session; of several workers, each has its own.
  function averages() {
    var workers = Object.keys(session.runs);
    var list = [];
    workers.forEach(function (worker) {
      session.runs[worker].averages.forEach(function (name) {
        list.push({
          worker: worker,
          name: name,
          label: labelled(name, worker),
          scored: session.runs[worker].unscored.indexOf(name) < 0,
          ink: ink(list.length)
        });
      });
    });
    return list;
  }

  function labelled(name, worker) {
    return Object.keys(session.runs).length > 1 ? name + ', ' + worker : name;
  }

  function of(average) {
    return updates.filter(function (update) {
      return update.worker === average.worker && update.state.average === average.name;
    });
  }

  function latest(average) {
    var points = of(average);
    return points.length ? points[points.length - 1].state : null;
  }

  function curve(label, drawn, points, pick) {
    var step = Math.ceil(points.length / MAX_POINTS);
    var thinned = points.filter(function (point, i) { return i % step === 0 || i === points.length - 1; });
    return {
      label: escaped(shortened(label, 40)),
      color: drawn.color,
      lines: {lineWidth: drawn.width},
      data: thinned.map(function (point) { return [point.state.iteration, finite(pick(point.state))]; }),
      points: {show: thinned.length < 40}
    };
  }

  function perAverage(pick) {
    return averages().map(function (average) {
      return curve(average.label, average.ink, of(average), pick);
    });
  }

  function scoreNames() {
    var names = [];
    updates.forEach(function (update) {
      Object.keys(update.state.raw).forEach(function (name) {
        if (names.indexOf(name) < 0) {
          names.push(name);
        }
      });
    });
    return names;
  }

  // ---------------------------------------------------------------- what is wrong with a run

  // The distance of weights that are not finite is not a number, of a layer as of all.
  function isOfFiniteWeights(state) {
    return state.distance !== 'NaN';
  }

  function divergence() {
    return averages().map(function (average) {
      var points = of(average);
      var since = points.length;
      while (since > 0 && !isOfFiniteWeights(points[since - 1].state)) {
        since--;
      }
      return since === points.length ? null : {average: average, state: points[since].state};
    }).filter(Boolean)[0];
  }

  function drawDivergence() {
    var found = divergence();
    if (!found) {
      notice('#diverged', '');
      return;
    }
    var layers = Object.keys(found.state.distanceByLayer).filter(function (layer) {
      return found.state.distanceByLayer[layer] === 'NaN';
    });
    notice('#diverged', 'Training has diverged: the raw weights are not finite, seen first at iteration '
      + found.state.iteration.toLocaleString('en')
      + (layers.length ? ', in ' + shortened(layers.join(', '), NAME_LENGTH) : '')
      + '. The average keeps the values that it had before.');
  }

  function drawSkipped() {
    var texts = averages().map(function (average) {
      var state = latest(average);
      if (!state || !state.skipped) {
        return '';
      }
      return average.label + ': ' + plural(state.skipped, 'update') + ' skipped, as the raw weights were not finite after the step'
        + (state.restores ? '; training went on from the average ' + plural(state.restores, 'time') : '');
    }).filter(Boolean);
    notice('#skipped', texts.length ? texts.join('. ') + '.' : '');
  }

  // Why there are no scores to draw, if there are none.
  function drawUnscored(names) {
    var without = averages().filter(function (average) { return !average.scored; });
    var all = without.length > 0 && without.length === averages().length;
    var text = '';
    if (all) {
      text = 'No evaluator feeds this page, so that it has no scores. Give the EmaUiListener one:';
    } else if (!names.length) {
      text = 'No scores yet: nothing was evaluated so far.';
    } else if (without.length) {
      text = 'No evaluator feeds ' + without.map(function (average) { return average.label; }).join(', ') + ':';
    }
    $('#unscored p').text(text);
    $('#unscored pre').toggle(without.length > 0);
    $('#unscored').toggle(text !== '');
    $('#scores').toggle(names.length > 0);
  }

  function notice(element, text) {
    $(element).text(text).toggle(text !== '');
  }

  // ---------------------------------------------------------------- drawing

  function plot(id, series, options) {
    if (!$('#' + id).is(':visible')) {
      return; // it has no size
    }
    $.plot('#' + id, series, $.extend(true, {
      series: {lines: {show: true}, points: {radius: 2}, shadowSize: 0},
      grid: {hoverable: true, tickColor: color('rule'), borderWidth: 0},
      xaxis: {tickDecimals: 0, minTickSize: 1},
      legend: {show: false} // it would hide curves in a small chart
    }, options));
  }

  function legend(id, series) {
    $('.legend[data-of="' + id + '"]').empty().append(series.map(function (line) {
      return $('<li>').html(line.label).prepend(swatch({color: line.color, width: line.lines.lineWidth}));
    }));
  }

  function swatch(drawn) {
    return $('<span class="swatch">').css('border-top', Math.ceil(drawn.width) + 'px solid ' + drawn.color);
  }

  function drawScores() {
    var names = scoreNames();
    choices('#score', names);
    drawUnscored(names);
    var score = $('#score').val();
    $('.score-name').text(score || 'score');
    var series = [];
    var withRaw = []; // The raw weights of a worker are evaluated with each of its averages.
    averages().forEach(function (average) {
      var points = of(average).filter(function (update) { return score in update.state.raw; });
      if (points.length && withRaw.indexOf(average.worker) < 0) {
        withRaw.push(average.worker);
        series.push(curve(labelled('raw', average.worker), rawInk(), points, function (state) { return state.raw[score]; }));
      }
      series.push(curve(average.label, average.ink, points, function (state) { return state.averaged[score]; }));
    });
    plot('scores', series);
    legend('scores', names.length ? series : []);
  }

  function drawDistances() {
    choices('#average', averages().map(function (average) { return average.label; }));
    var chosen = averages().filter(function (average) { return average.label === $('#average').val(); });
    var points = chosen.length ? of(chosen[0]) : [];
    var last = points.length ? points[points.length - 1].state.distanceByLayer : {};
    var layers = Object.keys(last);
    var series = layers.map(function (layer, i) {
      return curve(layer, ink(i), points, function (state) { return state.distanceByLayer[layer]; });
    });
    plot('distance', series, {yaxis: {min: 0}});
    legend('distance', layers.length <= MOST_CHOSEN_LAYERS ? series : []);
    plot('distance-latest', layers.map(function (layer, i) {
      return {color: chosen[0].ink.color, data: [[finite(last[layer]), layers.length - i]]};
    }), {
      series: {
        lines: {show: false},
        bars: {show: true, horizontal: true, align: 'center', barWidth: 0.6, lineWidth: 0, fill: 1}
      },
      xaxis: {min: 0, tickDecimals: null, minTickSize: null},
      yaxis: {
        min: 0.4,
        max: layers.length + 0.6,
        tickLength: 0,
        ticks: layers.map(function (layer, i) { return [layers.length - i, escaped(shortened(layer, 24))]; })
      }
    });
  }

  function row(cells) {
    return $('<tr>').append(cells.map(function (text) { return $('<td>').text(text); }));
  }

  function drawRun() {
    var rows = [];
    Object.keys(session.runs).forEach(function (worker) {
      rows.push(row(['Model type', session.runs[worker].network]));
      rows.push(row(['Total parameters', session.runs[worker].parameters.toLocaleString('en')]));
    });
    rows.push(row(['Session', session.id]));
    rows.push(row(['Start time', time(session.started)]));
    if (updates.length) {
      var last = updates[updates.length - 1];
      rows.push(row(['Last update', time(last.timestamp)]));
      rows.push(row(['Iteration', last.state.iteration.toLocaleString('en')]).attr('id', 'iteration'));
      rows.push(row(['Completed epochs', last.state.epoch.toLocaleString('en')]));
    }
    $('#run').empty().append(rows);
  }

  function drawAverages() {
    var score = $('#score').val();
    var head = ['Average', 'Updates', 'Skipped', 'Decay', 'Initial weights left', 'Distance from raw'];
    if (score) {
      head.splice(1, 0, score + ', raw', score + ', averaged');
    }
    var rows = [];
    var advice = [];
    averages().forEach(function (average) {
      var state = latest(average);
      if (!state) {
        return;
      }
      var cells = [
        average.label,
        state.updates.toLocaleString('en'),
        state.skipped.toLocaleString('en'),
        state.updates ? shown(state.decay) : '',
        percent(state.initialShare),
        shown(state.distance)
      ];
      if (score) {
        var scored = of(average).filter(function (update) { return score in update.state.raw; });
        var scores = scored.length ? scored[scored.length - 1].state : {raw: {}, averaged: {}};
        cells.splice(1, 0, shown(scores.raw[score]), shown(scores.averaged[score]));
      }
      var drawn = row(cells);
      drawn.children().each(function (i) { $(this).attr('data-label', head[i]); });
      drawn.children().first().prepend(swatch(average.ink));
      rows.push(drawn);
      state.advice.forEach(function (sentence) {
        advice.push($('<li>').text(average.label + ': ' + sentence + '.'));
      });
    });
    $('.numbers thead tr').empty().append(head.map(function (name) { return $('<th>').text(name); }));
    $('#averages').empty().append(rows);
    $('#advice').empty().append(advice);
  }

  function draw() {
    if (!session) {
      return;
    }
    $('#shown').toggle(!session.error);
    drawDivergence();
    drawSkipped();
    drawScores();
    drawRun();
    drawAverages();
    var shares = perAverage(function (state) {
      return typeof state.initialShare === 'number' ? 100 * state.initialShare : null;
    });
    plot('initial-share', shares, {yaxis: {min: 0, max: 100, tickFormatter: function (value) { return value + ' %'; }}});
    legend('initial-share', shares);
    var decays = perAverage(function (state) { return state.decay; });
    plot('decay', decays);
    legend('decay', decays);
    drawDistances();
  }

  // Leaves a select as it is if nothing changed, so that a menu that is open stays open.
  function choices(select, values, label) {
    var element = $(select);
    var texts = values.map(function (value) { return label ? label(value) : value; });
    var present = element.children().map(function () { return this.value + '\t' + this.text; }).get();
    var next = values.map(function (value, i) { return value + '\t' + texts[i]; });
    if (present.join('\n') !== next.join('\n')) {
      var chosen = element.val();
      element.empty().append(values.map(function (value, i) { return $('<option>').val(value).text(texts[i]); }));
      element.val(values.indexOf(chosen) < 0 ? values[0] : chosen);
    }
    element.toggle(values.length > 1 || Boolean(label));
  }

  function message(text, kind) {
    $('#message').text(text).attr('class', 'alert alert-' + kind).toggle(text !== '');
  }

  // ---------------------------------------------------------------- polling

  function find(id) {
    return sessions.filter(function (candidate) { return candidate.id === id; })[0];
  }

  function show(id) {
    var other = !session || session.id !== id;
    session = find(id);
    if (other) {
      updates = [];
      seen = {};
      draw();
    }
    linkToTraining();
  }

  function linkToTraining() {
    $('a[data-page]').each(function () {
      var within = multiSession ? '/train/' + encodeURIComponent(session.id) + '/' : '/train/';
      $(this).attr('href', within + $(this).data('page'));
    });
  }

  function add(found) {
    var added = found.filter(function (update) { return !seen[update.timestamp + ' ' + update.worker]; });
    if (added.length) {
      added.forEach(function (update) { seen[update.timestamp + ' ' + update.worker] = true; });
      updates = updates.concat(added).sort(function (a, b) { return a.timestamp - b.timestamp; });
      draw();
    }
  }

  function refresh() {
    return $.getJSON('/ema/sessions').then(function (found) {
      sessions = found;
      var ids = sessions.map(function (candidate) { return candidate.id; });
      $('#empty').toggle(!ids.length);
      $('#session-box').toggle(ids.length > 0);
      if (wanted !== null && ids.indexOf(wanted) >= 0) {
        choices('#session', ids, label);
        $('#session').val(wanted);
        wanted = null;
      }
      notice('#unknown', wanted === null ? '' : 'There is no session ' + wanted + ' in the storages that are attached to this UI'
        + (ids.length ? '. Shown is the latest one; choose another above.' : '.'));
      if (!ids.length) {
        message('', 'info');
        return null;
      }
      choices('#session', ids, label);
      show($('#session').val());
      if (session.error) {
        message('This session cannot be read. ' + session.error, 'danger');
        return null;
      }
      var asked = session.id;
      var after = updates.length ? updates[updates.length - 1].timestamp - OVERLAP_MS : -1;
      return $.getJSON('/ema/updates', {session: asked, after: after}).then(function (found) {
        if (asked === session.id) {
          add(found);
          message(updates.length ? '' : 'Training has begun; nothing was posted yet.', 'info');
        }
      });
    }).catch(function (failure) {
      if (failure instanceof Error) {
        console.error(failure);
        message('This page failed: ' + failure.message, 'danger');
      } else {
        message(failure.responseJSON ? failure.responseJSON.error : 'The UI server does not answer.', 'danger');
      }
    });
  }

  // What tells a session from others: its name if it was given one, when it began, what it trains and which averages it keeps.
  // An identifier that Deeplearning4j has made up comes last, and only its beginning.
  function label(id) {
    var found = find(id);
    var madeUp = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(id);
    var runs = Object.keys(found.runs).map(function (worker) { return found.runs[worker]; });
    var parts = [time(found.started)];
    if (runs.length) {
      parts.push(runs[0].network + ' of ' + plural(runs[0].parameters, 'parameter'));
      parts.push('EMA ' + shortened(runs[0].averages.join(', '), NAME_LENGTH));
    }
    parts.splice(madeUp ? parts.length : 0, 0, madeUp ? id.slice(0, 8) : id);
    return parts.filter(Boolean).join(' \u00b7 ');
  }

  function poll() {
    refresh().always(function () { setTimeout(poll, POLL_MS); });
  }

  $(function () {
    $('#session').on('change', function () {
      wanted = null;
      show($(this).val());
      refresh();
    });
    $('#score, #average').on('change', draw);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
    $('body').append('<div id="tooltip">');
    $('.chart').on('plothover', function (event, position, item) {
      if (!item) {
        $('#tooltip').hide();
        return;
      }
      var horizontal = item.series.bars.horizontal && item.series.bars.show;
      var text = horizontal
        ? shown(item.datapoint[0])
        : $('<div>').html(item.series.label).text() + ', iteration ' + item.datapoint[0] + ': ' + shown(item.datapoint[1]);
      var left = Math.min(item.pageX + 12, $(window).width() - $('#tooltip').text(text).show().outerWidth() - 4);
      $('#tooltip').css({left: Math.max(4, left), top: item.pageY + 8});
    });
    $.get('/train/multisession').then(function (answer) {
      multiSession = String(answer) === 'true';
    }).always(poll);
  });
}());
