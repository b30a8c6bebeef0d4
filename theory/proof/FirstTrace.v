(** * The first step at which an arbitrary ratio shows

    Technical lemmas for [OrderOfLimits.v].  The ratio kappa = eta/beta may be unbounded.
    [first_trace]: if the rates of the rule converge at the steps [0 .. m], to zero before [m] and to [c] at
    [m], then the updates of step [m + 1] are those at kappa = 0 plus [kappa B c] and [kappa C B c], up to
    [o(1 + |kappa|)].  [rate_0] and [rate_limit]: the rates do converge when the state updates do.
    [kappa_to_0]: a fixed vector times kappa is negligible against [1 + |kappa|] only if kappa -> 0. *)
From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics LinearResponse LittleO MovingRatio.
Set Implicit Arguments.
Open Scope R_scope.

Section FirstTrace.
Variables State Param : NM.
Notation Z := (prod_NormedModule R_AbsRing State Param).
Notation ZS := (prod_NormedModule R_AbsRing Z State).
Variables (F : State * Param -> State) (grad_ell : State -> State) (rule : (State * Param) * State -> Param).
Variables (s_star : State) (theta : Param).
Variables (J : State -> State) (B : Param -> State) (C : State -> Param).
Hypothesis J_linear : is_linear J.
Hypothesis B_linear : is_linear B.
Hypothesis C_linear : is_linear C.
Hypothesis settled : F (s_star, theta) = s_star.
Hypothesis rule_at_rest : rule ((s_star, theta), s_star) = zero.
Hypothesis F_diff : filterdiff (U := Z) F (locally ((s_star, theta) : Z)) (fun h => plus (J (fst h)) (B (snd h))).
Hypothesis rule_diff : filterdiff (U := ZS) rule (locally (((s_star, theta), s_star) : ZS)) (fun h => C (minus (snd h) (fst (fst h)))).
Hypothesis grad_ell_cont : continuous grad_ell s_star.

Context {T : Type} (FF : (T -> Prop) -> Prop) {HF : Filter FF}.
Variables beta eta : T -> R.
Hypothesis beta_to_0 : filterlim beta FF (locally (0:R)).
Hypothesis beta_nonzero : FF (fun x => beta x <> 0).
Hypothesis eta_to_0 : filterlim eta FF (locally (0:R)).

Let g := grad_ell s_star.
Let kappa (x : T) := eta x / beta x.
Let w (x : T) := 1 + Rabs (kappa x).
Let z (t : nat) (x : T) : Z := nudged_phase F grad_ell rule s_star theta (beta x) (eta x) t.

Local Notation shift_s := (@MovingRatio.shift_s State Param F grad_ell rule s_star theta T beta eta).
Local Notation shift_theta := (@MovingRatio.shift_theta State Param F grad_ell rule s_star theta T beta eta).
Local Notation rate := (@MovingRatio.rate State Param F grad_ell rule s_star theta T beta eta).
Local Notation small := (littleO FF w).
Local Notation bounded V f := (bigO FF V f w).

(** The lemmas of [MovingRatio.v] in this context. *)
Let w_ge_1 : forall x, 1 <= w x := MovingRatio.w_ge_1 beta eta.
Let kappa_w : forall x, Rabs (kappa x) <= w x := MovingRatio.kappa_w beta eta.
Let const_bounded : forall (V : NM) (v : V), bounded V (fun _ => v) := MovingRatio.const_bounded beta eta.
Let state_step : forall t, bounded State (shift_s t) -> bounded Param (shift_theta t) ->
  small State (fun x => minus (shift_s (1 + t) x) (minus (plus (J (shift_s t x)) (B (shift_theta t x))) g)) :=
  @MovingRatio.state_step State Param F grad_ell rule s_star theta J B settled F_diff grad_ell_cont T FF HF beta eta
    beta_to_0 beta_nonzero eta_to_0.
Let rate_step : forall t, bounded State (shift_s t) -> bounded Param (shift_theta t) -> bounded State (shift_s (1 + t)) ->
  small Param (fun x => minus (rate t x) (C (minus (shift_s (1 + t) x) (shift_s t x)))) :=
  @MovingRatio.rate_step State Param F grad_ell rule s_star theta C rule_at_rest rule_diff T FF HF beta eta
    beta_to_0 beta_nonzero eta_to_0.
Let shift_theta_next : forall t x, shift_theta (1 + t) x = plus (shift_theta t x) (scal (kappa x : R_AbsRing) (rate t x)) :=
  @MovingRatio.shift_theta_next State Param F grad_ell rule s_star theta T beta eta.
Let Delta_theta_rate : forall t, FF (fun x => eta x <> 0) ->
  FF (fun x => Delta_theta F grad_ell rule s_star theta (beta x) (eta x) t = rate t x) :=
  @MovingRatio.Delta_theta_rate State Param F grad_ell rule s_star theta T FF HF beta eta beta_nonzero.

(** *** An arbitrary ratio: the first step at which kappa shows

    Suppose that the rates of the steps [0 .. m] converge, to zero before [m] and to [c] at [m].
    Then the parameters have not moved (relative to [beta (1 + |kappa|)]) before step [m + 1],
    they have moved by [kappa c] at step [m + 1], and this is what the neurons and the rule see next. *)
Section Trace.
Variables (m : nat) (c : Param).
Hypothesis rate_before : forall i, (i < m)%nat -> filterlim (rate i) FF (locally (zero : Param)).
Hypothesis rate_first : filterlim (rate m) FF (locally c).
Let u (t : nat) : State := fst (linear_phase State Param grad_ell s_star J B C 0 t).

Lemma u_next t : u (1 + t) = minus (J (u t)) g.
Proof.
unfold u. etransitivity.
apply (@linear_phase_state State Param grad_ell s_star J B C B_linear C_linear 0 t).
rewrite modified_jacobian_0. reflexivity.
Qed.
Lemma bounded_of_shift (t : nat) (f : T -> State) (a : State) : small State (fun x => minus (f x) a) -> bounded State f.
Proof.
intros H. apply (@bO_ext T FF HF State (fun x => plus (minus (f x) a) a)).
apply filter_forall. intros x. module State.
apply (@bO_plus T FF HF State). now apply (@bO_of_lo T FF w State). apply const_bounded.
Qed.
Lemma before_first_trace i : (i <= m)%nat -> small Param (shift_theta i) /\ small State (fun x => minus (shift_s i x) (u i)).
Proof.
induction i as [|i IH]; intros Hi.
- split.
  + apply (@lo_ext T FF HF w Param (fun _ => zero)).
    apply filter_forall. intros x. symmetry. apply shift_theta_0.
    apply (@lo_of_limit T FF HF w w_ge_1 Param). apply filterlim_const.
  + apply (@lo_ext T FF HF w State (fun _ => zero)).
    apply filter_forall. intros x. rewrite shift_s_0. unfold u; simpl. module State.
    apply (@lo_of_limit T FF HF w w_ge_1 State). apply filterlim_const.
- destruct IH as [I1 I2]. lia. split.
  + apply (@lo_ext T FF HF w Param (fun x => plus (shift_theta i x) (scal (kappa x : R_AbsRing) (rate i x)))).
    apply filter_forall. intros x. symmetry. apply shift_theta_next.
    apply (@lo_plus T FF HF w Param). exact I1. apply (@lo_scal T FF HF w Param kappa _ kappa_w). apply rate_before. lia.
  + apply (@lo_ext T FF HF w State (fun x => plus (minus (shift_s (1 + i) x) (minus (plus (J (shift_s i x)) (B (shift_theta i x))) g))
      (plus (J (minus (shift_s i x) (u i))) (B (shift_theta i x))))).
    { apply filter_forall. intros x. change (Datatypes.S i) with (1 + i)%nat. rewrite u_next.
      assert (E1 : J (minus (shift_s i x) (u i)) = minus (J (shift_s i x)) (J (u i))) by exact (linear_minus J _ _ J_linear).
      rewrite E1. module State. }
    apply (@lo_plus T FF HF w State).
    apply state_step. now apply bounded_of_shift with (u i). now apply (@bO_of_lo T FF w Param).
    apply (@lo_plus T FF HF w State). now apply (@lo_linear T FF HF w State State J). now apply (@lo_linear T FF HF w Param State B).
Qed.
Lemma next_state : small State (fun x => minus (shift_s (1 + m) x) (u (1 + m))).
Proof.
destruct (@before_first_trace m) as [I1 I2]. lia.
apply (@lo_ext T FF HF w State (fun x => plus (minus (shift_s (1 + m) x) (minus (plus (J (shift_s m x)) (B (shift_theta m x))) g))
   (plus (J (minus (shift_s m x) (u m))) (B (shift_theta m x))))).
{ apply filter_forall. intros x. rewrite u_next.
  assert (E1 : J (minus (shift_s m x) (u m)) = minus (J (shift_s m x)) (J (u m))) by exact (linear_minus J _ _ J_linear).
  rewrite E1. module State. }
apply (@lo_plus T FF HF w State).
apply state_step. now apply bounded_of_shift with (u m). now apply (@bO_of_lo T FF w Param).
apply (@lo_plus T FF HF w State). now apply (@lo_linear T FF HF w State State J). now apply (@lo_linear T FF HF w Param State B).
Qed.
Lemma next_param : small Param (fun x => minus (shift_theta (1 + m) x) (scal (kappa x : R_AbsRing) c)).
Proof.
destruct (@before_first_trace m) as [I1 _]. lia.
apply (@lo_ext T FF HF w Param (fun x => plus (shift_theta m x) (scal (kappa x : R_AbsRing) (minus (rate m x) c)))).
apply filter_forall. intros x. rewrite shift_theta_next. module Param.
apply (@lo_plus T FF HF w Param). exact I1. apply (@lo_scal T FF HF w Param kappa _ kappa_w).
assert (E : (zero : Param) = minus c c) by module Param. rewrite E.
apply (@flim_minus T FF HF Param). exact rate_first. apply filterlim_const.
Qed.
Lemma next_param_bounded : bounded Param (shift_theta (1 + m)).
Proof.
apply (@bO_ext T FF HF Param (fun x => plus (minus (shift_theta (1 + m) x) (scal (kappa x : R_AbsRing) c)) (scal (kappa x : R_AbsRing) c))).
apply filter_forall. intros x. module Param.
apply (@bO_plus T FF HF Param). apply (@bO_of_lo T FF w Param). exact next_param.
apply (@bO_factor T FF HF w Param). exact kappa_w.
Qed.
Lemma second_next_state : small State (fun x => minus (shift_s (2 + m) x) (plus (u (2 + m)) (scal (kappa x : R_AbsRing) (B c)))).
Proof.
apply (@lo_ext T FF HF w State (fun x => plus (minus (shift_s (1 + (1 + m)) x) (minus (plus (J (shift_s (1 + m) x)) (B (shift_theta (1 + m) x))) g))
   (plus (J (minus (shift_s (1 + m) x) (u (1 + m)))) (B (minus (shift_theta (1 + m) x) (scal (kappa x : R_AbsRing) c)))))).
{ apply filter_forall. intros x. change (2 + m)%nat with (1 + (1 + m))%nat. rewrite (u_next (1 + m)).
  assert (E1 : J (minus (shift_s (1 + m) x) (u (1 + m))) = minus (J (shift_s (1 + m) x)) (J (u (1 + m)))) by exact (linear_minus J _ _ J_linear).
  assert (E2 : B (minus (shift_theta (1 + m) x) (scal (kappa x : R_AbsRing) c)) = minus (B (shift_theta (1 + m) x)) (scal (kappa x : R_AbsRing) (B c))).
  { etransitivity. exact (linear_minus B _ _ B_linear). apply f_equal. exact (linear_scal B B_linear (kappa x : R_AbsRing) c). }
  rewrite E1, E2. module State. }
apply (@lo_plus T FF HF w State).
apply state_step. apply bounded_of_shift with (u (1 + m)). exact 0%nat. exact next_state. exact next_param_bounded.
apply (@lo_plus T FF HF w State). apply (@lo_linear T FF HF w State State J); auto. exact next_state.
apply (@lo_linear T FF HF w Param State B); auto. exact next_param.
Qed.

Theorem first_trace :
  small State (fun x => minus (Delta_s F grad_ell rule s_star theta (beta x) (eta x) (1 + m))
                          (plus (opp (iterate J (1 + m) g)) (scal (kappa x : R_AbsRing) (B c)))) /\
  (FF (fun x => eta x <> 0) ->
   small Param (fun x => minus (Delta_theta F grad_ell rule s_star theta (beta x) (eta x) (1 + m))
                          (plus (C (opp (iterate J (1 + m) g))) (scal (kappa x : R_AbsRing) (C (B c)))))).
Proof.
assert (U : minus (u (2 + m)) (u (1 + m)) = opp (iterate J (1 + m) g)).
{ etransitivity. exact (@linear_phase_increment State Param grad_ell s_star J B C J_linear B_linear C_linear 0 (1 + m)).
  apply f_equal. apply iterate_ext. apply modified_jacobian_0. }
assert (D : small State (fun x => minus (minus (shift_s (2 + m) x) (shift_s (1 + m) x)) (plus (opp (iterate J (1 + m) g)) (scal (kappa x : R_AbsRing) (B c))))).
{ apply (@lo_ext T FF HF w State (fun x => minus (minus (shift_s (2 + m) x) (plus (u (2 + m)) (scal (kappa x : R_AbsRing) (B c)))) (minus (shift_s (1 + m) x) (u (1 + m))))).
  apply filter_forall. intros x. rewrite <- U. module State.
  apply (@lo_minus T FF HF w State). exact second_next_state. exact next_state. }
split.
- apply (@lo_ext T FF HF w State (fun x => minus (minus (shift_s (2 + m) x) (shift_s (1 + m) x)) (plus (opp (iterate J (1 + m) g)) (scal (kappa x : R_AbsRing) (B c))))).
  apply filter_forall. intros x. now rewrite Delta_s_shift. exact D.
- intros He0.
  assert (B3 : bounded State (shift_s (2 + m))).
  { apply (@bO_ext T FF HF State (fun x => plus (minus (shift_s (2 + m) x) (plus (u (2 + m)) (scal (kappa x : R_AbsRing) (B c)))) (plus (u (2 + m)) (scal (kappa x : R_AbsRing) (B c))))).
    apply filter_forall. intros x. module State.
    apply (@bO_plus T FF HF State). apply (@bO_of_lo T FF w State). exact second_next_state.
    apply (@bO_plus T FF HF State). apply const_bounded. apply (@bO_factor T FF HF w State). exact kappa_w. }
  assert (B1 : bounded State (shift_s (1 + m))) by (apply bounded_of_shift with (u (1 + m)); [exact 0%nat | exact next_state]).
  assert (Q := @rate_step (1 + m) B1 next_param_bounded B3).
  apply (@lo_ext T FF HF w Param (fun x => plus (minus (rate (1 + m) x) (C (minus (shift_s (1 + (1 + m)) x) (shift_s (1 + m) x))))
    (C (minus (minus (shift_s (2 + m) x) (shift_s (1 + m) x)) (plus (opp (iterate J (1 + m) g)) (scal (kappa x : R_AbsRing) (B c))))))).
  { generalize (Delta_theta_rate (1 + m) He0). apply filter_imp. intros x X. rewrite X.
    assert (E1 : forall a b, C (minus a b) = minus (C a) (C b)) by (intros a b; exact (linear_minus C _ _ C_linear)).
    assert (E2 : forall a b, C (plus a b) = plus (C a) (C b)) by (intros a b; exact (linear_plus C C_linear _ _)).
    assert (E3 : forall k a, C (scal (k : R_AbsRing) a) = scal (k : R_AbsRing) (C a)) by (intros k a; exact (linear_scal C C_linear (k : R_AbsRing) a)).
    change (1 + (1 + m))%nat with (2 + m)%nat.
    rewrite (E1 (minus (shift_s (2 + m) x) (shift_s (1 + m) x)) (plus _ _)), E2, E3. module Param. }
  apply (@lo_plus T FF HF w Param). exact Q. now apply (@lo_linear T FF HF w State Param C).
Qed.
End Trace.

(** A multiple [kappa v] of a fixed non-zero vector that is negligible against [1 + |kappa|] forces [kappa -> 0]. *)
Lemma kappa_to_0 (V : NM) (v : V) : v <> zero -> small V (fun x => scal (kappa x : R_AbsRing) v) ->
  filterlim kappa FF (locally (0:R)).
Proof.
intros Hv Hs. assert (Pv := norm_gt_0 _ Hv).
apply (@flim_norm T FF HF R_NormedModule). intros eps.
assert (Pe := cond_pos eps).
assert (He : 0 < norm v * eps / (2 * (1 + eps))) by (apply Rdiv_lt_0_compat; nra).
generalize (Hs (mkposreal _ He)). apply filter_imp. intros x X. simpl in X.
change (Rabs (kappa x + - 0) < eps). rewrite Ropp_0, Rplus_0_r.
assert (X' : Rabs (kappa x) * norm v <= norm v * eps / (2 * (1 + eps)) * w x).
{ eapply Rle_trans. right; symmetry; apply norm_scal_R. exact X. }
unfold w in X'. assert (Pk := Rabs_pos (kappa x)). set (k := Rabs (kappa x)) in *.
assert (X2 : k * norm v * (2 * (1 + eps)) <= norm v * eps * (1 + k)).
{ replace (norm v * eps * (1 + k)) with (norm v * eps / (2 * (1 + eps)) * (1 + k) * (2 * (1 + eps))) by (field; lra).
  apply Rmult_le_compat_r; lra. }
apply Rmult_lt_reg_l with (norm v). exact Pv. nra.
Qed.

(** *** The rates, when the state updates are the right ones *)

(** At the first step the parameters are still at rest, and the rate converges whatever kappa does. *)
Lemma rate_0 : filterlim (rate 0) FF (locally (C (opp g))).
Proof.
assert (Hk : filterlim (fun x => 0 / beta x) FF (locally (0:R))).
{ apply filterlim_ext with (fun _ => 0). intros x. unfold Rdiv. ring. apply filterlim_const. }
assert (L := @rule_limit State Param F grad_ell rule s_star theta J B C settled rule_at_rest F_diff rule_diff grad_ell_cont
   T FF HF beta (fun _ => 0) 0 beta_to_0 beta_nonzero Hk 0).
assert (D := @linear_phase_increment State Param grad_ell s_star J B C J_linear B_linear C_linear 0 0).
rewrite D in L. exact L.
Qed.

(** Later on, this needs the rule to be differentiable in the state uniformly near rest. *)
Hypothesis rule_strict : forall eps : posreal, exists d : posreal, forall s s' th,
  norm (minus s s_star) < d -> norm (minus s' s_star) < d -> norm (minus th theta) < d ->
  norm (minus (rule ((s, th), s')) (C (minus s' s))) <= eps * norm (minus s' s).

Lemma shift_s_limit m : (forall j, (j <= m)%nat ->
    filterlim (fun x => Delta_s F grad_ell rule s_star theta (beta x) (eta x) j) FF (locally (opp (iterate J j g)))) ->
  forall j, (j <= 1 + m)%nat -> exists a, filterlim (shift_s j) FF (locally (a : State)).
Proof.
intros HD. induction j as [|j IH]; intros Hj.
- exists zero. apply filterlim_ext with (fun _ => zero). intros x. now rewrite shift_s_0. apply filterlim_const.
- destruct IH as [a Ha]. lia. exists (plus a (opp (iterate J j g))).
  apply filterlim_ext with (fun x => plus (shift_s j x) (Delta_s F grad_ell rule s_star theta (beta x) (eta x) j)).
  intros x. rewrite Delta_s_shift. change (Datatypes.S j) with (1 + j)%nat. module State.
  apply (@flim_plus T FF HF State). exact Ha. apply HD. lia.
Qed.
Theorem rate_limit m : (forall j, (j <= m)%nat ->
    filterlim (fun x => Delta_s F grad_ell rule s_star theta (beta x) (eta x) j) FF (locally (opp (iterate J j g)))) ->
  forall i, (i <= m)%nat -> filterlim (rate i) FF (locally (C (opp (iterate J i g)))).
Proof.
intros HD.
assert (Ls : forall j, (j <= 1 + m)%nat -> filterlim (fun x => fst (z j x)) FF (locally s_star)).
{ intros j Hj. destruct (shift_s_limit HD Hj) as [a Ha].
  exact (@flim_back T FF HF State beta (fun x => fst (z j x)) s_star a beta_to_0 beta_nonzero Ha). }
assert (Lr : forall i, (i <= m)%nat -> filterlim (fun x => snd (z i x)) FF (locally theta) ->
   filterlim (rate i) FF (locally (C (opp (iterate J i g))))).
{ intros i Hi Hth.
  set (D := fun x => Delta_s F grad_ell rule s_star theta (beta x) (eta x) i).
  assert (HC : filterlim (fun x => C (D x)) FF (locally (C (opp (iterate J i g))))).
  { eapply filterlim_comp. apply (HD i Hi). apply (linear_cont C _ C_linear). }
  apply filterlim_ext with (fun x => plus (C (D x)) (minus (rate i x) (C (D x)))). intros x. module Param.
  assert (E : C (opp (iterate J i g)) = plus (C (opp (iterate J i g))) zero) by module Param.
  rewrite E. apply (@flim_plus T FF HF Param). exact HC.
  apply flim_norm; auto. intros eps.
  set (N := norm (opp (iterate J i g)) + 1). assert (PN : 0 < N) by (unfold N; generalize (norm_ge_0 (opp (iterate J i g))); lra).
  assert (He : 0 < eps / 2 / N) by (apply Rdiv_lt_0_compat; auto; generalize (cond_pos eps); lra).
  destruct (rule_strict (mkposreal _ He)) as [d Hd].
  assert (N1 := proj1 (@flim_norm T FF HF State _ _) (Ls i ltac:(lia)) d).
  assert (N2 := proj1 (@flim_norm T FF HF State _ _) (Ls (1 + i)%nat ltac:(lia)) d).
  assert (N3 := proj1 (@flim_norm T FF HF Param _ _) Hth d).
  assert (N4 := proj1 (@flim_norm T FF HF State _ _) (HD i Hi) (mkposreal 1 Rlt_0_1)).
  refine (@filter_imp T FF HF _ _ _ (filter_and _ _ beta_nonzero (filter_and _ _ (filter_and _ _ N1 N2) (filter_and _ _ N3 N4)))).
  intros x [X0 [[X1 X2] [X3 X4]]]. simpl in X4.
  eapply Rle_lt_trans. right; apply f_equal; apply minus_zero_r.
  assert (Y := Hd _ _ _ X1 X2 X3). rewrite <- surjective_pairing in Y.
  assert (ED : D x = scal (/ beta x : R_AbsRing) (minus (fst (z (1 + i) x)) (fst (z i x)))) by reflexivity.
  assert (EC : C (D x) = scal (/ beta x : R_AbsRing) (C (minus (fst (z (1 + i) x)) (fst (z i x)))))
    by (rewrite ED; exact (linear_scal C C_linear (/ beta x : R_AbsRing) _)).
  assert (E1 : minus (rate i x) (C (D x)) = scal (/ beta x : R_AbsRing) (minus (rule (z i x, fst (z (1 + i) x))) (C (minus (fst (z (1 + i) x)) (fst (z i x)))))).
  { rewrite EC. change (rate i x) with (scal (/ beta x : R_AbsRing) (rule (z i x, fst (z (1 + i) x)))). module Param. }
  rewrite E1. eapply Rle_lt_trans. right; apply norm_scal_R.
  assert (ND : norm (D x) < N).
  { assert (E2 : D x = plus (minus (D x) (opp (iterate J i g))) (opp (iterate J i g))) by module State.
    rewrite E2. eapply Rle_lt_trans. apply norm_triangle. unfold N. rewrite Rplus_comm. apply Rplus_lt_compat_l. exact X4. }
  assert (ND' : norm (D x) = Rabs (/ beta x) * norm (minus (fst (z (1 + i) x)) (fst (z i x)))) by (rewrite ED; apply norm_scal_R).
  apply Rle_lt_trans with (Rabs (/ beta x) * (eps / 2 / N * norm (minus (fst (z (1 + i) x)) (fst (z i x))))).
  apply Rmult_le_compat_l. apply Rabs_pos. exact Y.
  replace (Rabs (/ beta x) * (eps / 2 / N * norm (minus (fst (z (1 + i) x)) (fst (z i x))))) with (eps / 2 / N * norm (D x)) by (rewrite ND'; ring).
  apply Rlt_trans with (eps / 2 / N * N). apply Rmult_lt_compat_l; auto.
  apply Rle_lt_trans with (eps / 2). right; field; lra. generalize (cond_pos eps); lra. }
assert (Lth : forall i, (i <= m)%nat -> filterlim (fun x => snd (z i x)) FF (locally theta)).
{ induction i as [|i IH]; intros Hi. apply filterlim_const.
  assert (Li := IH ltac:(lia)). assert (R := Lr i ltac:(lia) Li).
  apply filterlim_ext_loc with (fun x => plus (snd (z i x)) (scal (eta x : R_AbsRing) (rate i x))).
  { refine (@filter_imp T FF HF _ _ _ beta_nonzero). intros x X.
    change (rate i x) with (scal (/ beta x : R_AbsRing) (rule (z i x, fst (z (1 + i) x)))).
    change (snd (z (Datatypes.S i) x)) with (plus (snd (z i x)) (scal (eta x / beta x : R_AbsRing) (rule (z i x, fst (z (1 + i) x))))).
    module_field Param. }
  assert (E : theta = plus theta (scal (0 : R_AbsRing) (C (opp (iterate J i g))))) by module Param.
  replace (locally theta) with (locally (plus theta (scal (0 : R_AbsRing) (C (opp (iterate J i g)))))) by (rewrite <- E; reflexivity).
  apply (@flim_plus T FF HF Param). exact Li. apply (@flim_scal T FF HF Param); auto. }
intros i Hi. auto.
Qed.
End FirstTrace.
