(** * A bound on the updates after a free phase that has not settled

    For one [beta] and one [eta], with no limit taken.  The drift of the states,
    [s_(t+1) - s_t], starts at [residual - beta grad ell(s)] and is multiplied by [J] at every
    step, up to [delta] times its norm.  After [t] steps that leaves
    [((j + delta)^t - j^t)] times the first drift, and [J^t residual / beta].

    - [residual_bound]: the distance of the update from [- J^t grad ell(s)];
    - [approximately_settled_bound]: from minus BPTT's gradient at a steady state;
    - [unsettled_bptt_bound]: from minus BPTT's gradient of the free phase as it was, never at
      rest; no steady state is mentioned. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse.
From CEP Require Import Potential Network Drift ApproximatelySettled.
From CEP Require Pinned.
Set Implicit Arguments.
Open Scope R_scope.

(** The parts of [nearly_linear], in a region that holds the trajectory. *)
Section Bound.
Variable N : network.
Variables (J : State N -> State N) (j lambda mu L nu : R).
Variable region : State N * Param N -> Prop.
Hypothesis J_linear : is_linear J.
Hypotheses (j_pos : 0 <= j) (lambda_pos : 0 <= lambda) (mu_pos : 0 <= mu) (L_pos : 0 <= L) (nu_pos : 0 <= nu).
Hypothesis J_bound : forall x, norm (J x) <= j * norm x.
(* how far F is from its linear part [J] in the state, and how it moves with the parameters *)
Hypothesis F_bound : forall z z', region z -> region z' ->
  norm (minus (minus (F N z') (F N z)) (J (minus (fst z') (fst z)))) <=
  lambda * norm (minus (fst z') (fst z)) + mu * norm (minus (snd z') (snd z)).
Hypothesis grad_bound : forall z z', region z -> region z' ->
  norm (minus (grad_ell N (fst z')) (grad_ell N (fst z))) <= L * norm (minus (fst z') (fst z)).
Hypothesis Phi_theta_bound : forall z z', region z -> region z' ->
  norm (minus (Phi_theta N (fst z', snd z)) (Phi_theta N z)) <= nu * norm (minus (fst z') (fst z)).

Variables (s : State N) (beta eta : R) (t : nat).
Hypothesis beta_nz : beta <> 0.
Hypothesis inside_region : forall k, (k <= S t)%nat -> region (cep_from N s beta eta k).
Let delta : R := lambda + mu * nu * Rabs (eta / beta) + L * Rabs beta.
Let z k := cep_from N s beta eta k.
Let D k : State N := minus (fst (z (S k))) (fst (z k)).

Lemma delta_pos : 0 <= delta.
Proof.
unfold delta. assert (P := Rabs_pos (eta / beta)). assert (Q := Rabs_pos beta).
assert (0 <= mu * nu * Rabs (eta / beta)) by (repeat apply Rmult_le_pos; assumption).
assert (0 <= L * Rabs beta) by (now apply Rmult_le_pos). lra.
Qed.

(* one step: the drift of the states is moved by J, up to delta *)
Lemma drift_step k : (k < t)%nat -> norm (minus (D (S k)) (J (D k))) <= delta * norm (D k).
Proof.
intros Hk.
assert (R0 : region (z k)) by (apply inside_region; lia). assert (R1 : region (z (S k))) by (apply inside_region; lia).
assert (E : D (S k) = minus (minus (F N (z (S k))) (F N (z k)))
   (scal (beta : R_AbsRing) (minus (grad_ell N (fst (z (S k)))) (grad_ell N (fst (z k)))))).
{ change (minus (minus (F N (z (S k))) (scal (beta : R_AbsRing) (grad_ell N (fst (z (S k))))))
     (minus (F N (z k)) (scal (beta : R_AbsRing) (grad_ell N (fst (z k))))) =
   minus (minus (F N (z (S k))) (F N (z k)))
   (scal (beta : R_AbsRing) (minus (grad_ell N (fst (z (S k)))) (grad_ell N (fst (z k)))))).
  generalize (F N (z (S k))) (F N (z k)) (grad_ell N (fst (z (S k)))) (grad_ell N (fst (z k))). intros. module (State N). }
assert (Hth : norm (minus (snd (z (S k))) (snd (z k))) <= Rabs (eta / beta) * (nu * norm (D k))).
{ assert (Eth : minus (snd (z (S k))) (snd (z k)) = scal (eta / beta : R_AbsRing) (minus (Phi_theta N (fst (z (S k)), snd (z k))) (Phi_theta N (z k)))).
  { change (minus (plus (snd (z k)) (scal (eta / beta : R_AbsRing) (minus (Phi_theta N (fst (z (S k)), snd (z k))) (Phi_theta N (z k))))) (snd (z k)) =
      scal (eta / beta : R_AbsRing) (minus (Phi_theta N (fst (z (S k)), snd (z k))) (Phi_theta N (z k)))).
    generalize (Phi_theta N (fst (z (S k)), snd (z k))) (Phi_theta N (z k)) (snd (z k)). intros. module (Param N). }
  rewrite Eth, norm_scal_R. apply Rmult_le_compat_l. apply Rabs_pos. exact (Phi_theta_bound R0 R1). }
assert (HF := F_bound R0 R1). assert (HG := grad_bound R0 R1). fold (D k) in HF, HG.
rewrite E.
set (f := minus (F N (z (S k))) (F N (z k))) in *. set (g := minus (grad_ell N (fst (z (S k)))) (grad_ell N (fst (z k)))) in *.
assert (E2 : minus (minus f (scal (beta : R_AbsRing) g)) (J (D k)) = minus (minus f (J (D k))) (scal (beta : R_AbsRing) g)).
{ clearbody f g. generalize (J (D k)). intros. module (State N). }
rewrite E2. eapply Rle_trans. apply norm_minus_le. rewrite (@norm_scal_R (State N) beta g).
assert (P := Rabs_pos beta).
assert (M1 : mu * norm (minus (snd (z (S k))) (snd (z k))) <= mu * (Rabs (eta / beta) * (nu * norm (D k)))) by (apply Rmult_le_compat_l; assumption).
assert (M2 : Rabs beta * norm g <= Rabs beta * (L * norm (D k))) by (apply Rmult_le_compat_l; assumption).
unfold delta.
replace ((lambda + mu * nu * Rabs (eta / beta) + L * Rabs beta) * norm (D k)) with
  ((lambda * norm (D k) + mu * (Rabs (eta / beta) * (nu * norm (D k)))) + Rabs beta * (L * norm (D k))) by ring.
apply Rplus_le_compat; [|exact M2]. eapply Rle_trans. exact HF. apply Rplus_le_compat_l. exact M1.
Qed.

Lemma drift_bounds k : (k <= t)%nat ->
  norm (D k) <= (j + delta) ^ k * norm (D 0) /\
  norm (minus (D k) (iterate J k (D 0))) <= ((j + delta) ^ k - j ^ k) * norm (D 0).
Proof.
assert (dp := delta_pos).
induction k as [|k IH]; intros Hk.
- split. simpl. lra.
  cbn [iterate]. assert (E : minus (D 0) (D 0) = zero) by module (State N). rewrite E, norm_zero. simpl. lra.
- destruct IH as [I1 I2]. lia. assert (X := drift_step Hk).
  assert (J1 : norm (J (D k)) <= j * norm (D k)) by apply J_bound.
  split.
  + replace (D (S k)) with (plus (minus (D (S k)) (J (D k))) (J (D k))) by module (State N).
    eapply Rle_trans. apply norm_triangle. simpl.
    apply Rle_trans with ((j + delta) * norm (D k)). lra.
    rewrite Rmult_assoc. apply Rmult_le_compat_l; lra.
  + assert (E : minus (D (S k)) (iterate J (S k) (D 0)) = plus (minus (D (S k)) (J (D k))) (J (minus (D k) (iterate J k (D 0))))).
    { cbn [iterate]. assert (EJ : J (minus (D k) (iterate J k (D 0))) = minus (J (D k)) (J (iterate J k (D 0)))) by exact (linear_minus J _ _ J_linear).
      rewrite EJ. generalize (D (S k)) (J (D k)) (J (iterate J k (D 0))). intros. module (State N). }
    rewrite E. eapply Rle_trans. apply norm_triangle.
    assert (J2 := J_bound (minus (D k) (iterate J k (D 0)))).
    simpl.
    replace (((j + delta) * (j + delta) ^ k - j * j ^ k) * norm (D 0)) with
      (delta * ((j + delta) ^ k * norm (D 0)) + j * (((j + delta) ^ k - j ^ k) * norm (D 0))) by ring.
    apply Rplus_le_compat.
    * eapply Rle_trans. exact X. apply Rmult_le_compat_l; assumption.
    * eapply Rle_trans. exact J2. apply Rmult_le_compat_l; assumption.
Qed.

Lemma iterate_scal k (c : R) x : iterate J k (scal (c : R_AbsRing) x) = scal (c : R_AbsRing) (iterate J k x).
Proof. induction k as [|k IH]; simpl. reflexivity. rewrite IH. exact (linear_scal J J_linear (c : R_AbsRing) _). Qed.
Lemma iterate_minus k x y : iterate J k (minus x y) = minus (iterate J k x) (iterate J k y).
Proof. induction k as [|k IH]; simpl. reflexivity. rewrite IH. exact (linear_minus J _ _ J_linear). Qed.
Lemma iterate_bound k x : norm (iterate J k x) <= j ^ k * norm x.
Proof.
induction k as [|k IH]; simpl. lra. eapply Rle_trans. apply J_bound. rewrite Rmult_assoc. now apply Rmult_le_compat_l.
Qed.

(* BPTT along the free phase as it was: each step multiplies by the Jacobian at its own state *)
Lemma unsettled_bptt (q : nat -> State N) (DF : nat -> State N * Param N -> State N) :
  q 0%nat = s -> (forall k, (k < t)%nat -> F N (q (S k), theta N) = q k) ->
  (forall k, (k <= t)%nat -> primitive_function (dot_state N) (dot_param N) (Phi N) (F N) (Phi_theta N) (q k) (theta N)) ->
  (forall k, (k <= t)%nat -> filterdiff (U := joint N) (F N) (locally ((q k, theta N) : joint N)) (DF k)) ->
  (forall k, (k <= t)%nat -> exists DPhi, filterdiff (U := joint N) (Phi_theta N) (locally ((q k, theta N) : joint N)) DPhi) ->
  (forall k x, (k <= t)%nat -> norm (minus (dF_ds (DF k) x) (J x)) <= lambda * norm x) ->
  is_gradient (State N) (dot_state N) (ell N) s (grad_ell N s) -> forall k, (k <= t)%nat ->
  exists g, is_gradient (State N) (dot_state N) (loss_of_state N k) (q k) g /\
    norm g <= (j + lambda) ^ k * norm (grad_ell N s) /\
    norm (minus g (iterate J k (grad_ell N s))) <= ((j + lambda) ^ k - j ^ k) * norm (grad_ell N s).
Proof.
intros q0 qS HP HF HPhi HJ Hl k. induction k as [|k IH]; intros Hk.
- exists (grad_ell N s). split; [|split].
  + rewrite q0. exact Hl.
  + simpl. lra.
  + cbn [iterate]. assert (E : minus (grad_ell N s) (grad_ell N s) = zero) by module (State N). rewrite E, norm_zero. simpl. lra.
- destruct IH as [g [G [B1 B2]]]. lia.
  destruct (HPhi (S k) Hk) as [DPhi HPhi'].
  set (A := dF_ds (DF (S k))).
  exists (A g). split; [|split].
  + assert (HA := @dF_s (State N) (Param N) (F N) (q (S k)) (theta N) _ _ (F_diff_split (HF (S k) Hk)) (dF_dtheta_linear (HF (S k) Hk))).
    unfold is_gradient in *. rewrite <- (qS k) in G by lia.
    eapply filterdiff_ext_lin.
    exact (@filterdiff_comp' R_AbsRing (State N) (State N) R_NormedModule (fun x => F N (x, theta N)) (loss_of_state N k) (q (S k)) _ _ HA G).
    intros h. cbv beta.
    symmetry. exact (jacobian_symmetric (dot_state_inner N) (dot_param_inner N) (HP (S k) Hk) (HF (S k) Hk) HPhi' g h).
  + assert (X := HJ (S k) g Hk). fold A in X. assert (Y := J_bound g).
    replace (A g) with (plus (minus (A g) (J g)) (J g)) by module (State N).
    eapply Rle_trans. apply norm_triangle. simpl.
    apply Rle_trans with ((j + lambda) * norm g). lra.
    rewrite Rmult_assoc. apply Rmult_le_compat_l; lra.
  + assert (X := HJ (S k) g Hk). fold A in X.
    assert (E : minus (A g) (iterate J (S k) (grad_ell N s)) = plus (minus (A g) (J g)) (J (minus g (iterate J k (grad_ell N s))))).
    { cbn [iterate]. assert (EJ : J (minus g (iterate J k (grad_ell N s))) = minus (J g) (J (iterate J k (grad_ell N s)))) by exact (linear_minus J _ _ J_linear).
      rewrite EJ. generalize (A g) (J g) (J (iterate J k (grad_ell N s))). intros. module (State N). }
    rewrite E. eapply Rle_trans. apply norm_triangle.
    assert (Y := J_bound (minus g (iterate J k (grad_ell N s)))).
    simpl.
    replace (((j + lambda) * (j + lambda) ^ k - j * j ^ k) * norm (grad_ell N s)) with
      (lambda * ((j + lambda) ^ k * norm (grad_ell N s)) + j * (((j + lambda) ^ k - j ^ k) * norm (grad_ell N s))) by ring.
    apply Rplus_le_compat.
    * eapply Rle_trans. exact X. apply Rmult_le_compat_l; assumption.
    * eapply Rle_trans. exact Y. apply Rmult_le_compat_l; assumption.
Qed.

(** The normalised update is [J^t] applied to the first one, up to [(j + delta)^t - j^t]. *)
Lemma update_bound :
  norm (minus (Delta_state_from N s t beta eta) (iterate J t (Delta_state_from N s 0 beta eta))) <=
  ((j + delta) ^ t - j ^ t) * norm (Delta_state_from N s 0 beta eta).
Proof.
destruct (drift_bounds (le_n t)) as [_ X].
change (norm (minus (scal (/ beta : R_AbsRing) (D t)) (iterate J t (scal (/ beta : R_AbsRing) (D 0)))) <=
  ((j + delta) ^ t - j ^ t) * norm (scal (/ beta : R_AbsRing) (D 0))).
rewrite iterate_scal.
assert (E2 : minus (scal (/ beta : R_AbsRing) (D t)) (scal (/ beta : R_AbsRing) (iterate J t (D 0))) = scal (/ beta : R_AbsRing) (minus (D t) (iterate J t (D 0)))).
{ generalize (D t) (iterate J t (D 0)). intros. module (State N). }
rewrite E2, !norm_scal_R.
assert (P := Rabs_pos (/ beta)).
replace (((j + delta) ^ t - j ^ t) * (Rabs (/ beta) * norm (D 0))) with (Rabs (/ beta) * (((j + delta) ^ t - j ^ t) * norm (D 0))) by ring.
now apply Rmult_le_compat_l.
Qed.

(** In terms of a residual [<= eps] and of BPTT's recurrence [J^t grad ell] at the end of
    the free phase. *)
Lemma from_recurrence (eps : R) : norm (residual N s) <= eps ->
  norm (plus (Delta_state_from N s t beta eta) (iterate J t (grad_ell N s))) <=
  (j + delta) ^ t * (eps / Rabs beta) + ((j + delta) ^ t - j ^ t) * norm (grad_ell N s).
Proof.
intros Heps. assert (X := update_bound). rewrite (first_update _ _ _ beta_nz) in X.
set (r := scal (/ beta : R_AbsRing) (residual N s)) in *. set (g := grad_ell N s) in *.
assert (Hr : norm r <= eps / Rabs beta).
{ unfold r. rewrite norm_scal_R, Rabs_Rinv by auto. unfold Rdiv. rewrite Rmult_comm. apply Rmult_le_compat_r; auto.
  left. apply Rinv_0_lt_compat. now apply Rabs_pos_lt. }
rewrite iterate_minus in X.
set (d := Delta_state_from N s t beta eta) in *.
assert (E : plus d (iterate J t g) = plus (minus d (minus (iterate J t r) (iterate J t g))) (iterate J t r)).
{ clearbody d. generalize (iterate J t g) (iterate J t r). intros. module (State N). }
rewrite E. eapply Rle_trans. apply norm_triangle.
assert (Y := iterate_bound t r).
assert (dp := delta_pos).
assert (Q : 0 <= (j + delta) ^ t - j ^ t).
{ assert (j ^ t <= (j + delta) ^ t) by (apply pow_incr; lra). lra. }
assert (W : norm (minus r g) <= norm r + norm g).
{ eapply Rle_trans. apply norm_minus_le. lra. }
assert (V : ((j + delta) ^ t - j ^ t) * norm (minus r g) <= ((j + delta) ^ t - j ^ t) * (norm r + norm g)) by (now apply Rmult_le_compat_l).
assert (U : (j + delta) ^ t * norm r <= (j + delta) ^ t * (eps / Rabs beta)).
{ apply Rmult_le_compat_l; auto. apply pow_le. lra. }
lra.
Qed.

(** Against BPTT's gradient at the steady state itself. *)
Lemma from_steady_state DF DPhi (eps : R) (g_s : State N) :
  has_primitive_function N -> derivatives N DF DPhi -> (forall x, J x = dF_ds DF x) -> loss_differentiable N -> settled N ->
  is_nabla_s N t g_s -> region (s_star N, theta N) -> norm (residual N s) <= eps ->
  norm (plus (Delta_state_from N s t beta eta) g_s) <=
  (j + delta) ^ t * (eps / Rabs beta) + ((j + delta) ^ t - j ^ t) * norm (grad_ell N s)
  + j ^ t * (L * norm (minus s (s_star N))).
Proof.
intros HP [HF HPhi] HJ [Hl Hc] HS Hgs Hreg Heps.
destruct (@bptt_gradients _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ HP _ _ HF HPhi Hl HS t) as [G1 _].
rewrite (gradient_unique (dot_state_inner N) Hgs G1).
rewrite <- (iterate_ext J (dF_ds DF) t _ HJ).
assert (X := from_recurrence Heps).
set (d := Delta_state_from N s t beta eta) in *.
assert (E : plus d (iterate J t (grad_ell N (s_star N))) =
  minus (plus d (iterate J t (grad_ell N s))) (iterate J t (minus (grad_ell N s) (grad_ell N (s_star N))))).
{ rewrite iterate_minus. clearbody d. generalize (iterate J t (grad_ell N s)) (iterate J t (grad_ell N (s_star N))). intros. module (State N). }
rewrite E. eapply Rle_trans. apply norm_minus_le.
assert (Y := iterate_bound t (minus (grad_ell N s) (grad_ell N (s_star N)))).
assert (R0 : region (cep_from N s beta eta 0)) by (apply inside_region; lia).
assert (W := grad_bound Hreg R0). change (fst (cep_from N s beta eta 0)) with s in W. cbn [fst] in W.
assert (V : j ^ t * norm (minus (grad_ell N s) (grad_ell N (s_star N))) <= j ^ t * (L * norm (minus s (s_star N)))).
{ apply Rmult_le_compat_l; auto. now apply pow_le. }
lra.
Qed.
(** ... and against BPTT's gradient of the free phase as it was, never at rest: [q k] is its
    state [k] steps before the end, and [DF k] the derivative of [F] there, which differs
    from [J] by at most [lambda], as in the region. *)
Lemma from_unsettled (q : nat -> State N) (DF : nat -> State N * Param N -> State N) (eps : R) (g_s : State N) :
  q 0%nat = s -> (forall k, (k < t)%nat -> F N (q (S k), theta N) = q k) ->
  (forall k, (k <= t)%nat -> primitive_function (dot_state N) (dot_param N) (Phi N) (F N) (Phi_theta N) (q k) (theta N)) ->
  (forall k, (k <= t)%nat -> filterdiff (U := joint N) (F N) (locally ((q k, theta N) : joint N)) (DF k)) ->
  (forall k, (k <= t)%nat -> exists DPhi, filterdiff (U := joint N) (Phi_theta N) (locally ((q k, theta N) : joint N)) DPhi) ->
  (forall k x, (k <= t)%nat -> norm (minus (dF_ds (DF k) x) (J x)) <= lambda * norm x) ->
  is_gradient (State N) (dot_state N) (ell N) s (grad_ell N s) ->
  is_gradient (State N) (dot_state N) (loss_of_state N t) (q t) g_s ->
  norm (residual N s) <= eps ->
  norm (plus (Delta_state_from N s t beta eta) g_s) <=
  (j + delta) ^ t * (eps / Rabs beta) + 2 * ((j + delta) ^ t - j ^ t) * norm (grad_ell N s).
Proof.
intros q0 qS HP HF HPhi HJ Hl Hgs Heps.
destruct (unsettled_bptt q DF q0 qS HP HF HPhi HJ Hl (le_n t)) as [g [G [_ Hg]]].
rewrite (gradient_unique (dot_state_inner N) Hgs G).
assert (X := from_recurrence Heps).
set (d := Delta_state_from N s t beta eta) in *. set (y := iterate J t (grad_ell N s)) in *.
assert (E : plus d g = plus (plus d y) (minus g y)) by (clearbody d y; module (State N)).
rewrite E. eapply Rle_trans. apply norm_triangle. 
assert (dp := delta_pos).
assert (ld : lambda <= delta).
{ unfold delta. assert (P := Rabs_pos (eta / beta)). assert (Q := Rabs_pos beta).
  assert (0 <= mu * nu * Rabs (eta / beta)) by (repeat apply Rmult_le_pos; assumption).
  assert (0 <= L * Rabs beta) by (now apply Rmult_le_pos). lra. }
assert (W : (j + lambda) ^ t <= (j + delta) ^ t) by (apply pow_incr; lra).
assert (V : ((j + lambda) ^ t - j ^ t) * norm (grad_ell N s) <= ((j + delta) ^ t - j ^ t) * norm (grad_ell N s)).
{ apply Rmult_le_compat_r. apply norm_ge_0. lra. }
lra.
Qed.
End Bound.

Theorem residual_bound : Pinned.residual_bound.
Proof.
intros N J j lambda mu L nu region s beta eta t eps [LJ [[P1 [P2 [P3 [P4 P5]]]] [BJ [BF [BG BP]]]]] Hb Hin Heps.
exact (@from_recurrence N J j lambda mu L nu region LJ P1 P2 P3 P4 P5 BJ BF BG BP s beta eta t Hb Hin eps Heps).
Qed.
Theorem approximately_settled_bound : Pinned.approximately_settled_bound.
Proof.
intros N J j lambda mu L nu region s beta eta t eps DF DPhi g_s [LJ [[P1 [P2 [P3 [P4 P5]]]] [BJ [BF [BG BP]]]]] Hb Hin Heps HP HD HJ HL HS Hg Hr.
exact (@from_steady_state N J j lambda mu L nu region LJ P1 P2 P3 P4 P5 BJ BF BG BP s beta eta t Hb Hin DF DPhi eps g_s HP HD HJ HL HS Hg Hr Heps).
Qed.
Theorem unsettled_bptt_bound : Pinned.unsettled_bptt_bound.
Proof.
intros N J j lambda mu L nu region s beta eta t eps q DF g_s [LJ [[P1 [P2 [P3 [P4 P5]]]] [BJ [BF [BG BP]]]]] Hb Hin Heps q0 qS HP HF HPhi HJ Hl Hg.
exact (@from_unsettled N J j lambda mu L nu region LJ P1 P2 P3 P4 P5 BJ BF BG BP s beta eta t Hb Hin q DF eps g_s q0 qS HP HF HPhi HJ Hl Hg Heps).
Qed.
