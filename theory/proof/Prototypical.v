(** * Discrete-time networks: the nudge inside the activation is exact, outside it is not

    [s <- sigma(a(s, theta) - beta grad ell(s))] against the reference implementation's
    [s <- sigma(a(s, theta)) - beta grad ell(s)], with [a = dPhi/ds].  The Jacobian of the free
    phase is [D J], [D = sigma'(a)], which is not symmetric; that [J] and [D] are suffices.
    The vocabulary and the proofs' technical part are in [Preactivation.v].

    - [inside_nudge_exact]: the states' updates tend to minus the gradients of the unrolled
      loss in the pre-activations, those of [theta] to minus BPTT's gradients;
    - [outside_nudge_exact_for_modified_loss]: outside, the updates follow BPTT of another
      loss, with gradient [D^-1 grad ell]: a cross-entropy for the paper's activations
      ([sigmoid_modified_loss], [tanh_modified_loss]);
    - [outside_nudge_exact_iff]: for the loss itself, the first update is right if and only if
      [D grad ell = grad ell];
    - [one_unit_inside_and_outside]: a network in numbers. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse.
From CEP Require Import Potential Network Preactivation.
From CEP Require Export Vocabulary Instances.
Set Implicit Arguments.
Open Scope R_scope.

(** ** Nudge inside the activation: exact *)

Section Inside.
Variables (N : network) (sigma D : State N -> State N).
Hypothesis primitive : has_primitive_function N.
Hypothesis twice : twice_differentiable N.
Hypothesis loss : loss_differentiable N.
Hypothesis rest : activation_settled N sigma.
Hypothesis activation : activation_differentiable N sigma D.

(** BPTT's gradients exist. *)
Theorem inside_gradients_exist (t : nat) :
  exists g_p g_th, is_preactivation_gradient N sigma (ell N) t g_p /\ is_parameter_gradient N sigma (ell N) t g_th.
Proof.
destruct twice as [DF [DPhi [HF HPhi]]]. destruct loss as [Hl Hc].
do 2 eexists. split.
exact (@preactivation_gradient N sigma D DF DPhi primitive HF HPhi rest activation (ell N) _ Hl t).
exact (@parameter_gradient N sigma D DF DPhi primitive HF HPhi rest activation (ell N) _ Hl t).
Qed.

(** The order of limits of the paper. *)
Theorem inside_nudge_exact (t : nat) (g_p : State N) (g_th : Param N) :
  continuous_nearby N -> activation_continuous_nearby N sigma ->
  is_preactivation_gradient N sigma (ell N) t g_p -> is_parameter_gradient N sigma (ell N) t g_th ->
  iterated_limit (inside_Delta_state N sigma t) (opp g_p) /\ iterated_limit (inside_Delta_param N sigma t) (opp g_th).
Proof.
intros near near' Hp Hth.
destruct twice as [DF [DPhi [HF HPhi]]]. destruct loss as [Hl Hc].
assert (G1 := @preactivation_gradient N sigma D DF DPhi primitive HF HPhi rest activation (ell N) _ Hl t).
assert (G2 := @parameter_gradient N sigma D DF DPhi primitive HF HPhi rest activation (ell N) _ Hl t).
rewrite (gradient_unique (dot_state_inner N) Hp G1), (gradient_unique (dot_param_inner N) Hth G2).
exact (inside_iterated HF HPhi near Hc rest activation near' t).
Qed.

(** The same in one limit, along any filter on which [eta / beta -> 0]. *)
Theorem inside_nudge_exact_jointly (T : Type) (along : (T -> Prop) -> Prop) (HA : Filter along) (beta eta : T -> R)
  (t : nat) (g_p : State N) (g_th : Param N) :
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) -> along (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) along (locally (0:R)) ->
  is_preactivation_gradient N sigma (ell N) t g_p -> is_parameter_gradient N sigma (ell N) t g_th ->
  filterlim (fun x => inside_Delta_state N sigma t (beta x) (eta x)) along (locally (opp g_p)) /\
  filterlim (fun x => inside_Delta_param N sigma t (beta x) (eta x)) along (locally (opp g_th)).
Proof.
intros Hb Hb0 He0 Hk Hp Hth.
destruct twice as [DF [DPhi [HF HPhi]]]. destruct loss as [Hl Hc].
assert (G1 := @preactivation_gradient N sigma D DF DPhi primitive HF HPhi rest activation (ell N) _ Hl t).
assert (G2 := @parameter_gradient N sigma D DF DPhi primitive HF HPhi rest activation (ell N) _ Hl t).
rewrite (gradient_unique (dot_state_inner N) Hp G1), (gradient_unique (dot_param_inner N) Hth G2).
split.
exact (@inside_limit_state N sigma D DF DPhi HF HPhi Hc rest activation T along HA beta eta Hb Hb0 Hk t).
exact (@inside_limit_param N sigma D DF DPhi HF HPhi Hc rest activation T along HA beta eta Hb Hb0 Hk t He0).
Qed.

(** ** Nudge outside the activation: the gradient of another loss *)

Lemma iterate_shift (V : NM) (A A' : V -> V) t x : A (iterate (fun y => A' (A y)) t x) = iterate (fun y => A (A' y)) t (A x).
Proof. induction t as [|t IH]; simpl. reflexivity. now rewrite <- IH. Qed.

Lemma outside_iterated DF DPhi t : derivatives N DF DPhi -> continuous_nearby N ->
  locally ((s_star N, theta N) : joint N) (fun z => continuous (transition N sigma : joint N -> State N) z) ->
  let v := iterate (fun x => D (dF_ds DF x)) t (grad_ell N (s_star N)) in
  iterated_limit (outside_Delta_state N sigma t) (opp v) /\
  iterated_limit (outside_Delta_param N sigma t) (opp (dPhi_theta_ds DPhi v)).
Proof.
intros [HF HPhi] [_ [CPhi Cg]] CT v. destruct loss as [Hl Hc].
assert (LD := D_linear activation).
assert (LJ := @is_linear_comp R_AbsRing _ _ _ _ _ (@dF_ds_linear _ _ _ _ _ _ HF) LD).
assert (LB := @is_linear_comp R_AbsRing _ _ _ _ _ (@B_linear N DF HF) LD).
assert (LC := @dPhi_theta_ds_linear _ _ _ _ _ _ HPhi).
assert (X := @nudged_phase_iterated_limit _ _ (transition N sigma) (grad_ell N) (ep_rule (Phi_theta N)) (s_star N) (theta N)
  (fun x => D (dF_ds DF x)) (fun x => D (dF_dtheta DF x)) (dPhi_theta_ds DPhi) LJ LB LC rest (@ep_rule_at_rest _ _ (Phi_theta N) (s_star N) (theta N))
  (transition_diff HF activation) (@ep_rule_diff _ _ _ _ _ _ HPhi) Hc CT Cg (@ep_rule_cont _ _ (s_star N) (theta N) (Phi_theta N) CPhi) t).
fold v in X.
assert (E : dPhi_theta_ds DPhi (opp v) = opp (dPhi_theta_ds DPhi v)) by exact (linear_opp _ _ LC).
rewrite E in X. exact X.
Qed.

(** Let [modified] be a loss whose gradient at rest is taken to that of [ell] by [D]; where
    [D] is invertible, its gradient is [D^-1 grad ell].  The nudge of [ell] outside the
    activation follows BPTT of [modified]. *)
Theorem outside_nudge_exact_for_modified_loss (modified : State N -> R) (g' : State N) (t : nat) (g_p : State N) (g_th : Param N) :
  continuous_nearby N ->
  locally ((s_star N, theta N) : joint N) (fun z => continuous (transition N sigma : joint N -> State N) z) ->
  is_gradient (State N) (dot_state N) modified (s_star N) g' -> D g' = grad_ell N (s_star N) ->
  is_preactivation_gradient N sigma modified t g_p -> is_parameter_gradient N sigma modified t g_th ->
  iterated_limit (outside_Delta_state N sigma t) (opp g_p) /\ iterated_limit (outside_Delta_param N sigma t) (opp g_th).
Proof.
intros near CT Hg' HD Hp Hth.
destruct twice as [DF [DPhi [HF HPhi]]].
assert (G1 := @preactivation_gradient N sigma D DF DPhi primitive HF HPhi rest activation modified _ Hg' t).
assert (G2 := @parameter_gradient N sigma D DF DPhi primitive HF HPhi rest activation modified _ Hg' t).
rewrite (gradient_unique (dot_state_inner N) Hp G1), (gradient_unique (dot_param_inner N) Hth G2).
rewrite (@iterate_shift (State N) D (dF_ds DF)), HD.
exact (outside_iterated t (conj HF HPhi) near CT).
Qed.

(** For [ell] itself: the first update is minus the loss gradient, for every [beta] and [eta],
    so it is right if and only if [D] leaves the loss gradient unchanged. *)
Theorem outside_nudge_exact_iff (g_p : State N) :
  is_preactivation_gradient N sigma (ell N) 0 g_p ->
  (forall beta eta, beta <> 0 -> outside_Delta_state N sigma 0 beta eta = opp (grad_ell N (s_star N))) /\
  (filterlim (fun beta => outside_Delta_state N sigma 0 beta 0) (locally' (0:R)) (locally (opp g_p)) <->
   D (grad_ell N (s_star N)) = grad_ell N (s_star N)).
Proof.
intros Hp.
destruct twice as [DF [DPhi [HF HPhi]]]. destruct loss as [Hl Hc].
assert (G1 := @preactivation_gradient N sigma D DF DPhi primitive HF HPhi rest activation (ell N) _ Hl 0).
rewrite (gradient_unique (dot_state_inner N) Hp G1). cbn [iterate].
assert (E : forall beta eta, beta <> 0 -> outside_Delta_state N sigma 0 beta eta = opp (grad_ell N (s_star N))).
{ intros beta eta Hb. unfold outside_Delta_state, Delta_s. cbn [nudged_phase]. unfold nudged_step. cbn [fst snd plus].
  assert (R0 : transition N sigma (s_star N, theta N) = s_star N) by exact rest.
  simpl fst. rewrite R0. module_field (State N). }
assert (L : filterlim (fun beta => outside_Delta_state N sigma 0 beta 0) (locally' (0:R)) (locally (opp (grad_ell N (s_star N))))).
{ apply filterlim_ext_loc with (fun _ : R => opp (grad_ell N (s_star N))). 2: apply filterlim_const.
  refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros b Hb. symmetry. now apply E. }
split. exact E.
split; intros H.
- assert (U := @filterlim_locally_unique R R_AbsRing (State N) (locally' (0:R)) (Proper_StrongProper _ (Rbar_locally'_filter 0)) _ _ _ L H).
  transitivity (opp (opp (D (grad_ell N (s_star N))))). module (State N).
  rewrite <- U. module (State N).
- rewrite H. exact L.
Qed.
End Inside.

(** ** The modified loss of the paper's activations is a cross-entropy

    For one output with target [y]: its derivative at [sigma(v)] is [(sigma(v) - y) / sigma'(v)]. *)

Lemma sigmoid_bounds v : 0 < sigmoid v < 1.
Proof.
unfold sigmoid. assert (P := exp_pos (-4 * (v - 1 / 2))). split.
apply Rinv_0_lt_compat; lra.
rewrite <- Rinv_1 at 3. apply Rinv_lt_contravar; lra.
Qed.
Lemma sigmoid_derivative v : is_derive sigmoid v (4 * sigmoid v * (1 - sigmoid v)).
Proof.
unfold sigmoid. change (v - 1 / 2) with (v + - (1 / 2)). assert (P := exp_pos (-4 * (v + - (1 / 2)))).
apply is_derive_ext with (fun v => / (1 + exp (-4 * (v + - (1 / 2))))). reflexivity.
auto_derive. lra. field. lra.
Qed.
(** [sigma(v) = 1 / (1 + exp(-4 (v - 1/2)))], [sigma' = 4 sigma (1 - sigma)]. *)
Theorem sigmoid_modified_loss (v y : R) :
  is_derive (sigmoid_loss y) (sigmoid v) ((sigmoid v - y) / (4 * sigmoid v * (1 - sigmoid v))).
Proof.
assert (P := sigmoid_bounds v). unfold sigmoid_loss. auto_derive. lra. field. lra.
Qed.
Lemma tanh_bounds v : -1 < tanh v < 1.
Proof.
unfold tanh, sinh, cosh. assert (P := exp_pos v). assert (Q := exp_pos (- v)).
assert (E : (exp v - exp (- v)) / 2 / ((exp v + exp (- v)) / 2) = (exp v - exp (- v)) / (exp v + exp (- v))) by (field; lra).
rewrite E. split; [apply (Rlt_div_r (-1)) | apply (Rlt_div_l _ 1)]; lra.
Qed.
Lemma tanh_derivative v : is_derive tanh v (1 - tanh v * tanh v).
Proof.
assert (P := exp_pos v). assert (Q := exp_pos (- v)).
apply is_derive_ext with (fun v => (exp v - exp (- v)) / (exp v + exp (- v))).
{ intros w. unfold tanh, sinh, cosh. assert (P' := exp_pos w). assert (Q' := exp_pos (- w)).
  match goal with |- ?l = ?r => change (@eq R l r) end. field. lra. }
auto_derive. lra. unfold tanh, sinh, cosh. field. lra.
Qed.
(** [tanh' = 1 - tanh^2]. *)
Theorem tanh_modified_loss (v y : R) :
  is_derive (tanh_loss y) (tanh v) ((tanh v - y) / (1 - tanh v * tanh v)).
Proof.
assert (P := tanh_bounds v). set (s := tanh v) in *. assert (Q : 0 < 1 - s * s) by nra.
unfold tanh_loss. auto_derive. lra. field. repeat split; lra.
Qed.

(** ** A concrete network: one sigmoid unit with a bias, [Phi = theta s], squared error with
    target 0, at rest at [s_star = 3/4], where [sigma' = 3/4] *)

Section OneUnit.
Let R1 := R_NormedModule.
Let mul (x y : R) : R := x * y.
Local Notation N := one_unit.

Lemma one_unit_sigmoid : sigmoid (1 / 2 + ln 3 / 4) = 3 / 4.
Proof.
unfold sigmoid. replace (-4 * (1 / 2 + ln 3 / 4 - 1 / 2)) with (- ln 3) by field.
rewrite exp_Ropp, exp_ln by lra. field.
Qed.
Lemma one_unit_rest : activation_settled N sigmoid.
Proof. exact one_unit_sigmoid. Qed.
Lemma one_unit_activation : activation_differentiable N sigmoid (fun h : R => h * (3 / 4)).
Proof.
split.
- assert (H := sigmoid_derivative (1 / 2 + ln 3 / 4)). rewrite one_unit_sigmoid in H.
  unfold is_derive in H. eapply filterdiff_ext_lin. exact H.
  intros h. change (h * (4 * (3 / 4) * (1 - 3 / 4)) = h * (3 / 4)). field.
- intros x y. change (x * (3 / 4) * y = x * (y * (3 / 4))). ring.
Qed.
Lemma one_unit_primitive : has_primitive_function N.
Proof.
unfold has_primitive_function, primitive_function. apply filter_forall. intros z.
apply (@quadratic_remainder_diff (joint N) R1).
- apply ip_is_linear. apply (is_inner_product_prod is_inner_product_R is_inner_product_R).
- exists 1. split. lra. apply filter_forall. intros p. set (q := minus p z : joint N).
  assert (H1 := norm_fst q). assert (H2 := norm_snd q).
  assert (E : minus (minus (Phi N p) (Phi N z)) (@product_inner R1 R1 mul mul (F N z, Phi_theta N z) q) = snd q * fst q).
  { unfold q, product_inner, mul, minus, plus, opp; simpl. unfold plus, opp; simpl. ring. }
  eapply Rle_trans. right; apply f_equal; exact E.
  change (Rabs (snd q * fst q) <= 1 * (norm q * norm q)).
  rewrite Rabs_mult, Rmult_1_l. apply Rmult_le_compat; auto; apply Rabs_pos.
Qed.
Lemma one_unit_twice : twice_differentiable N.
Proof.
exists (fun h => snd h), (fun h => fst h). split; apply filterdiff_linear.
apply (@is_linear_snd R_AbsRing R1 R1). apply (@is_linear_fst R_AbsRing R1 R1).
Qed.
Lemma one_unit_loss : loss_differentiable N.
Proof.
split.
- apply (@quadratic_remainder_diff R1 R1).
  + apply ip_is_linear. exact is_inner_product_R.
  + exists 1. split. lra. apply filter_forall. intros p.
    change (Rabs (p * p / 2 + - (3 / 4 * (3 / 4) / 2) + - (3 / 4 * (p + - (3 / 4)))) <= 1 * (Rabs (p + - (3 / 4)) * Rabs (p + - (3 / 4)))).
    replace (p * p / 2 + - (3 / 4 * (3 / 4) / 2) + - (3 / 4 * (p + - (3 / 4)))) with ((p + - (3 / 4)) * (p + - (3 / 4)) / 2) by field.
    unfold Rdiv. rewrite !Rabs_mult, (Rabs_right (/ 2)) by lra.
    assert (Q := Rabs_pos (p + - (3 * / 4))). nra.
- apply filterlim_id.
Qed.
Lemma one_unit_near : continuous_nearby N.
Proof.
repeat split; apply filter_forall; intros z.
apply (linear_cont (U := joint N) (V := R1) (fun z => snd z) z). apply is_linear_snd.
apply (linear_cont (U := joint N) (V := R1) (fun z => fst z) z). apply is_linear_fst.
apply filterlim_id.
Qed.
Lemma one_unit_activation_near : activation_continuous_nearby N sigmoid.
Proof.
unfold activation_continuous_nearby. apply filter_forall. intros v. apply (@filterdiff_continuous R_AbsRing R1 R1). eexists. exact (sigmoid_derivative v).
Qed.

(** The gradient is [9/16].  With the nudge inside, the first update of [theta] tends to
    minus that; outside, it is [-3/4] at every [beta] and [eta]. *)
Theorem one_unit_inside_and_outside :
  is_parameter_gradient N sigmoid (ell N) 0 (9 / 16) /\
  iterated_limit (inside_Delta_param N sigmoid 0) (- (9 / 16)) /\
  (forall beta eta, beta <> 0 -> eta <> 0 -> outside_Delta_param N sigmoid 0 beta eta = - (3 / 4)).
Proof.
assert (G : is_parameter_gradient N sigmoid (ell N) 0 (9 / 16)).
{ assert (X := @parameter_gradient N sigmoid _ (fun h => snd h) (fun h => fst h) one_unit_primitive
    (filterdiff_linear _ (@is_linear_snd R_AbsRing R1 R1)) (filterdiff_linear _ (@is_linear_fst R_AbsRing R1 R1))
    one_unit_rest one_unit_activation (ell N) _ (proj1 one_unit_loss) 0).
  assert (E : dPhi_theta_ds (fun h : R * R => fst h) (3 / 4 * (3 / 4)) = 9 / 16) by (unfold dPhi_theta_ds; simpl; field).
  rewrite <- E. exact X. }
split; [exact G|]. split.
- destruct (inside_gradients_exist one_unit_primitive one_unit_twice one_unit_loss one_unit_rest one_unit_activation 0) as [g_p [g_th [Hp _]]].
  exact (proj2 (@inside_nudge_exact N sigmoid _ one_unit_primitive one_unit_twice one_unit_loss one_unit_rest one_unit_activation 0 _ _
    one_unit_near one_unit_activation_near Hp G)).
- intros beta eta Hb He. unfold outside_Delta_param, Delta_theta, nudged_phase, nudged_step, ep_rule, transition.
  cbn [one_unit F grad_ell Phi_theta s_star theta fst snd].
  change (/ eta * ((1 / 2 + ln 3 / 4 + eta / beta * ((sigmoid (1 / 2 + ln 3 / 4) + - (beta * (3 / 4))) + - (3 / 4))) + - (1 / 2 + ln 3 / 4)) = - (3 / 4)).
  rewrite one_unit_sigmoid. field. auto.
Qed.
End OneUnit.
